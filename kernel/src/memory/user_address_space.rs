//! The address space of a program: its file, its stack, and what it maps.
//!
//! The kernel's half is the same as in every other. What always holds: a frame that is mapped here writable belongs to this
//! address space alone, was zeroed or filled before it was mapped, and is given back at the end; frames that are mapped
//! read-only in place belong to somebody who outlives it.
//!
//! Stack and mapped memory take frames when they are touched first. They are *promised* before that, and no more is promised
//! than the limit that the program was started with, though a promise can still be broken: others may have taken the memory.

use super::{
    create_page_tables::READ_WRITE,
    frame_allocator::{self, FrameUse},
    kernel_table::KernelTable,
    user_copy,
    user_layout::{MAPPED_SIZE, MAPPED_START, USER_END, USER_STACK_SIZE, USER_STACK_TOP, USER_START, user_stack_start},
    user_slice::{BadUserPointer, UserSlice},
    virtual_memory::{self, MapRegionError},
};
use crate::boot::hhdm_offset::OffsetMappedPhysAddr;
use alloc::vec::Vec;
use elf_load_plan::PAGE_SIZE_BYTES;
use ez_paging::{ConfigurableFlags, Frame, MapError, Page, PageSize};
use memory_ranges::{PAGE_BYTES, PageState, VirtRange, VirtualRanges};
use x86_64::{PhysAddr, VirtAddr, instructions::tlb, structures::paging::PhysFrame};

/// Up to so many addresses are forgotten one by one; else all are at once, which is faster then.
const MOST_SINGLE_FLUSHES: u64 = 32;

/// In so many runs of mapped and free pages a program's memory may lie. Each takes some 50 bytes of the heap, and all may be looked
/// at for a place.
const MOST_RUNS: usize = 8192;

/// To give back more at once would keep interrupts off for long.
const BYTES_BETWEEN_PAUSES: usize = 2 * 1024 * 1024;

/// Where a function's arguments on the stack would begin, it is a multiple of this (System V ABI for AMD64, section 3.2.2).
const STACK_ALIGNMENT: u64 = 16;

/// What a call leaves on the stack.
const RETURN_ADDRESS_BYTES: u64 = 8;

/// The longest text that fits a page with the rest of [`UserAddressSpace::begin_stack`].
pub const MAX_STACK_TEXT_BYTES: u64 = PAGE_BYTES - STACK_ALIGNMENT - RETURN_ADDRESS_BYTES;

/// A program's address space. Dropping it gives its memory back; it must not be in use then.
#[derive(Debug)]
pub struct UserAddressSpace {
    /// What is mapped.
    table: KernelTable,
    /// Runs of pages, by their first addresses and lengths, whose frames are somebody else's.
    shared: Vec<(VirtAddr, u64)>,
    /// Which pages the program has mapped by itself.
    mapped: VirtualRanges,
    /// How many pages may still be promised or taken.
    pages_left: u64,
}

/// Why an address space, or something in it, cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserMemoryError {
    /// There is no memory, or the program has as much as it may, or in as many pieces.
    OutOfMemory,
    /// The pages are not all such as the program has mapped.
    NotMapped,
    /// Something is there already, or nothing can be there.
    Occupied,
    /// It does not fit into a page.
    TooLong,
}

/// What came of an access to a page that is not mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filling {
    /// The page is there now.
    Filled,
    /// No page belongs there.
    NotPromised,
    /// A page belongs there, but there is no memory for it.
    OutOfMemory,
}

impl UserAddressSpace {
    /// An address space with nothing in it, which may have so many pages.
    pub fn new(pages_limit: u64) -> Result<Self, UserMemoryError> {
        let window = VirtRange::new(MAPPED_START, MAPPED_SIZE).map_err(|_| UserMemoryError::Occupied)?;
        let stack_pages = USER_STACK_SIZE / PAGE_BYTES;
        Ok(Self {
            table: virtual_memory::new_user_table().map_err(|_: MapRegionError| UserMemoryError::OutOfMemory)?,
            shared: Vec::new(),
            mapped: VirtualRanges::new(window),
            pages_left: pages_limit
                .checked_sub(stack_pages)
                .ok_or(UserMemoryError::OutOfMemory)?,
        })
    }

    /// Maps a frame of somebody else's, for reading or executing.
    ///
    /// # Safety
    ///
    /// The frame holds nothing that the program may not know, and stays as it is for as long as this address space exists.
    /// `flags` are not writable.
    pub unsafe fn map_shared(
        &mut self,
        page: Page,
        frame: PhysAddr,
        flags: ConfigurableFlags,
    ) -> Result<(), UserMemoryError> {
        let frame = Frame::new(frame, PageSize::_4KiB).map_err(|_| UserMemoryError::Occupied)?;
        Self::check_place(page)?;
        // SAFETY: The caller's promise.
        unsafe { self.map(page, frame, flags) }?;
        match self.shared.last_mut() {
            Some((start, pages)) if *start + *pages * PAGE_BYTES == page.start() => *pages += 1,
            _ => self.shared.push((page.start(), 1)),
        }
        Ok(())
    }

    /// Maps a frame of its own, which `fill` fills: it finds zeroes.
    pub fn map_private(
        &mut self,
        page: Page,
        flags: ConfigurableFlags,
        fill: impl FnOnce(&mut [u8; PAGE_SIZE_BYTES]),
    ) -> Result<(), UserMemoryError> {
        self.pages_left = self.pages_left.checked_sub(1).ok_or(UserMemoryError::OutOfMemory)?;
        Self::check_place(page)?;
        let frame = frame_allocator::allocate_user_frame().ok_or(UserMemoryError::OutOfMemory)?;
        // SAFETY: The frame was just allocated and is zeroed; all RAM is in the direct map.
        fill(unsafe { &mut *bytes_of(frame) });
        self.map_own(page, frame, flags)
    }

    /// Puts a text on top of the empty stack, and below it what the call of a function leaves there: a return address, 0.
    /// Returns where the text is, and where the stack ends now.
    pub fn begin_stack(&mut self, text: &[u8]) -> Result<(VirtAddr, VirtAddr), UserMemoryError> {
        let text_at = (USER_STACK_TOP - text.len() as u64).align_down(STACK_ALIGNMENT);
        let stack_pointer = text_at - RETURN_ADDRESS_BYTES;
        let page = Page::containing(USER_STACK_TOP - 1, PageSize::_4KiB);
        let offset = text_at.as_u64().checked_sub(page.start().as_u64());
        let offset = offset.and_then(|offset| usize::try_from(offset).ok());
        if text.len() as u64 > MAX_STACK_TEXT_BYTES {
            return Err(UserMemoryError::TooLong);
        }
        let frame = frame_allocator::allocate_user_frame().ok_or(UserMemoryError::OutOfMemory)?;
        // SAFETY: The frame was just allocated and is zeroed; all RAM is in the direct map.
        let bytes = unsafe { &mut *bytes_of(frame) };
        if let Some(place) = offset.and_then(|offset| bytes.get_mut(offset..)?.get_mut(..text.len())) {
            place.copy_from_slice(text);
        }
        self.map_own(page, frame, READ_WRITE)?;
        Ok((text_at, stack_pointer))
    }

    /// Promises zeroed memory, which is somewhere that the program did not use. Returns where.
    pub fn promise(&mut self, size_bytes: u64) -> Result<VirtAddr, UserMemoryError> {
        let pages = size_bytes.div_ceil(PAGE_BYTES);
        let pages_left = self.pages_left.checked_sub(pages).ok_or(UserMemoryError::OutOfMemory)?;
        let allocation = self
            .mapped
            .allocate_contiguous_pages(pages, 0)
            .map_err(|_| UserMemoryError::OutOfMemory)?;
        self.pages_left = pages_left;
        Ok(allocation.pages.start())
    }

    /// Takes promised memory back, used or not: all of these pages must have been promised. Calls `pause` now and then.
    pub fn take_back(
        &mut self,
        start: VirtAddr,
        size_bytes: u64,
        mut pause: impl FnMut(),
    ) -> Result<(), UserMemoryError> {
        let pages = size_bytes.div_ceil(PAGE_BYTES);
        let size_bytes = pages.checked_mul(PAGE_BYTES).ok_or(UserMemoryError::NotMapped)?;
        let range = VirtRange::new(start, size_bytes).map_err(|_| UserMemoryError::NotMapped)?;
        if self.mapped.runs() >= MOST_RUNS && self.mapped.is_within_used(range) {
            return Err(UserMemoryError::OutOfMemory);
        }
        self.mapped.free(range).map_err(|_| UserMemoryError::NotMapped)?;
        self.pages_left += pages;
        for offset in (0..size_bytes).step_by(BYTES_BETWEEN_PAUSES) {
            self.give_back(start + offset, (size_bytes - offset).min(BYTES_BETWEEN_PAUSES as u64));
            pause();
        }
        Ok(())
    }

    /// Gives a frame to the page that an address is in, if one was promised.
    pub fn fill(&mut self, address: VirtAddr) -> Filling {
        if !self.is_promised(address) {
            return Filling::NotPromised;
        }
        let page = Page::containing(address, PageSize::_4KiB);
        // A page that is there already was accessed in a way that it does not allow.
        let Some(frame) = frame_allocator::allocate_user_frame() else {
            let is_there = self.table.translate(address).is_some();
            return if is_there {
                Filling::NotPromised
            } else {
                Filling::OutOfMemory
            };
        };
        match self.map_own(page, frame, READ_WRITE) {
            Ok(()) => Filling::Filled,
            Err(UserMemoryError::Occupied) => Filling::NotPromised,
            Err(_) => Filling::OutOfMemory,
        }
    }

    /// Copies memory of the program's, which must be the one in use: as much as there is room for.
    pub fn copy_in(&mut self, slice: UserSlice, target: &mut [u8]) -> Result<(), BadUserPointer> {
        let length = slice.length().min(target.len());
        let mut done = 0;
        while let Some(rest) = target.get_mut(done..length).filter(|rest| !rest.is_empty()) {
            // SAFETY: A slice lies in the lower half, and the rest is no longer than what is left of it.
            let left = unsafe { user_copy::copy_in(slice.address() + done as u64, rest) };
            done += rest.len() - left;
            if left != 0 {
                self.fill_or_refuse(slice.address() + done as u64)?;
            }
        }
        Ok(())
    }

    /// Copies to memory of the program's, which must be the one in use: as much as there is room for.
    pub fn copy_out(&mut self, source: &[u8], slice: UserSlice) -> Result<(), BadUserPointer> {
        let length = slice.length().min(source.len());
        let mut done = 0;
        while let Some(rest) = source.get(done..length).filter(|rest| !rest.is_empty()) {
            // SAFETY: As for `copy_in`.
            let left = unsafe { user_copy::copy_out(rest, slice.address() + done as u64) };
            done += rest.len() - left;
            if left != 0 {
                self.fill_or_refuse(slice.address() + done as u64)?;
            }
        }
        Ok(())
    }

    /// Copies memory of the program's, which must be the one in use, where it is there already.
    pub fn peek(&self, slice: UserSlice, target: &mut [u8]) -> Result<(), BadUserPointer> {
        let length = slice.length().min(target.len());
        let target = target.get_mut(..length).unwrap_or_default();
        // SAFETY: A slice lies in the lower half.
        match unsafe { user_copy::copy_in(slice.address(), target) } {
            0 => Ok(()),
            left => Err(BadUserPointer {
                address: slice.address() + (length - left) as u64,
            }),
        }
    }

    /// Makes this processor use the address space.
    ///
    /// # Safety
    ///
    /// It is not dropped before the processor uses another one: see [`virtual_memory::switch_to_kernel_table`].
    pub unsafe fn switch_to(&self) {
        // SAFETY: The kernel's half is the same as in the table that is in use; the rest is the caller's promise.
        unsafe { self.table.switch_to() };
    }

    /// Fills a promised page that the kernel itself wants to touch.
    fn fill_or_refuse(&mut self, address: u64) -> Result<(), BadUserPointer> {
        match self.fill(VirtAddr::new_truncate(address)) {
            Filling::Filled => Ok(()),
            Filling::NotPromised | Filling::OutOfMemory => Err(BadUserPointer { address }),
        }
    }

    /// Whether a page was promised there.
    fn is_promised(&self, address: VirtAddr) -> bool {
        let is_stack = (user_stack_start()..USER_STACK_TOP).contains(&address);
        is_stack || self.mapped.state_at(address) == Some(PageState::Used)
    }

    /// Checks that a page of the program's file lies neither where the stack is nor where mapped memory comes.
    fn check_place(page: Page) -> Result<(), UserMemoryError> {
        let address = page.start();
        let is_mapped = (MAPPED_START..MAPPED_START + MAPPED_SIZE).contains(&address);
        let is_stack = (user_stack_start()..USER_STACK_TOP).contains(&address);
        if is_mapped || is_stack {
            return Err(UserMemoryError::Occupied);
        }
        Ok(())
    }

    /// Maps a frame that belongs to this address space from now on; on an error it goes back.
    fn map_own(&mut self, page: Page, frame: PhysFrame, flags: ConfigurableFlags) -> Result<(), UserMemoryError> {
        let mapped = Frame::new(frame.start_address(), PageSize::_4KiB)
            .map_err(|_| UserMemoryError::Occupied)
            // SAFETY: The frame is this address space's alone, and holds nothing that the program may not know.
            .and_then(|own| unsafe { self.map(page, own, flags) });
        if mapped.is_err() {
            // SAFETY: It was just allocated, and is mapped nowhere.
            unsafe { frame_allocator::free_frame(frame, FrameUse::Program) };
        }
        mapped
    }

    /// Maps a frame.
    ///
    /// # Safety
    ///
    /// The frame holds nothing that the program may not know, and nobody comes to grief by what the flags allow.
    unsafe fn map(&mut self, page: Page, frame: Frame, flags: ConfigurableFlags) -> Result<(), UserMemoryError> {
        // SAFETY: The caller's promise.
        match unsafe { self.table.map_page(page, frame, flags) } {
            Ok(flush) => {
                flush.flush_by(tlb::flush);
                Ok(())
            }
            Err(MapError::OutOfFrames) => Err(UserMemoryError::OutOfMemory),
            Err(_) => Err(UserMemoryError::Occupied),
        }
    }

    /// Unmaps what there is of the program's own in a range, and gives its frames back.
    fn give_back(&mut self, start: VirtAddr, size_bytes: u64) {
        // SAFETY: The program does not run meanwhile. What this processor remembers of the pages is forgotten below, before
        // it does; no other has used them.
        let unmapped = unsafe { self.table.unmap_all_in(start, size_bytes, free_own) };
        match unmapped {
            Ok(flush) if flush.address_count() <= MOST_SINGLE_FLUSHES => flush.flush_by(tlb::flush),
            Ok(flush) => {
                tlb::flush_all();
                flush.ignore();
            }
            Err(error) => log::error!("Memory of a program cannot be unmapped: {error:?}"),
        }
    }
}

impl Drop for UserAddressSpace {
    fn drop(&mut self) {
        for (start, pages) in core::mem::take(&mut self.shared) {
            // SAFETY: No processor uses the address space any more.
            let unmapped = unsafe { self.table.unmap_all_in(start, pages * PAGE_BYTES, |_frame| {}) };
            debug_assert!(unmapped.is_ok(), "{unmapped:?}");
        }
        // What is left is its own.
        self.give_back(USER_START, USER_END - USER_START);
    }
}

/// Gives a frame of an address space's own back.
fn free_own(frame: Frame) {
    let frame = PhysFrame::containing_address(frame.start());
    // SAFETY: The frame was allocated as a single one for this address space, and has just been unmapped.
    unsafe { frame_allocator::free_frame(frame, FrameUse::Program) };
}

/// Where the bytes of a frame are.
fn bytes_of(frame: PhysFrame) -> *mut [u8; PAGE_SIZE_BYTES] {
    frame.start_address().offset_mapped().as_mut_ptr()
}
