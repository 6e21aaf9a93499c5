//! A program's address space: its file, its stack, and the memory that it maps.
//!
//! The higher half is the kernel's, as in every address space. What always holds: a frame that is mapped writable belongs
//! to this address space alone, was zeroed or filled before it was mapped, and is freed with the address space. Frames
//! that are mapped read-only may belong to an owner that outlives it.
//!
//! Stack and mapped memory are *reserved* first, and get a frame at the first access to each page. A program can reserve
//! no more than its limit. The first access can still fail, because others may have taken the memory by then.

use super::{
    frame_allocator::{self, FrameUse},
    page_tables::{PageTables, READ_WRITE},
    user_layout::{MAPPED_SIZE, MAPPED_START, USER_END, USER_STACK_SIZE, USER_STACK_TOP, USER_START, user_stack_start},
    virtual_memory,
};
use crate::boot::hhdm_offset::OffsetMappedPhysAddr;
use alloc::vec::Vec;
use elf_load_plan::PAGE_SIZE_BYTES;
use ez_paging::{ConfigurableFlags, Frame, MapError, Page, PageSize};
use memory_ranges::{PAGE_BYTES, PageState, VirtRange, VirtualRanges};
use x86_64::{PhysAddr, VirtAddr, instructions::tlb, structures::paging::PhysFrame};

/// Maximum number of addresses that are flushed one by one. Flushing everything is faster for more.
const MAX_SINGLE_FLUSHES: u64 = 32;

/// Maximum number of runs of mapped and free pages. Each takes some 50 bytes of the heap, and an allocation may have to
/// look at all of them.
const MAX_RUNS: usize = 8192;

/// Maximum number of bytes that are unmapped without a pause: interrupts are off meanwhile.
const BYTES_BETWEEN_PAUSES: usize = 2 * 1024 * 1024;

/// Alignment of a function's arguments on the stack (System V ABI for AMD64, section 3.2.2).
const STACK_ALIGNMENT: u64 = 16;

const RETURN_ADDRESS_BYTES: u64 = 8;

/// Length of the longest text for [`UserAddressSpace::begin_stack`]: all that it pushes fits into one page.
pub const MAX_STACK_TEXT_BYTES: u64 = PAGE_BYTES - STACK_ALIGNMENT - RETURN_ADDRESS_BYTES;

/// A program's address space. Dropping it frees its memory; no processor may use it then.
#[derive(Debug)]
pub struct UserAddressSpace {
    table: PageTables,
    /// Runs of pages whose frames belong to another owner: the first address and the number of pages.
    shared: Vec<(VirtAddr, u64)>,
    reserved: VirtualRanges,
    pages_left: u64,
}

/// Why memory of a program was not mapped or freed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserMemoryError {
    /// There is no memory, or the program has reached its limit of pages or of runs.
    OutOfMemory,
    /// The program has not reserved all of these pages.
    NotMapped,
    /// The pages are in use, or cannot be used.
    Occupied,
    /// The text does not fit into a page.
    TooLong,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultOutcome {
    Mapped,
    /// The page is not reserved, or it is mapped and does not allow this access.
    NotReserved,
    /// The page is reserved, but there is no memory for it.
    OutOfMemory,
}

impl UserAddressSpace {
    /// Makes an empty address space with a limit of pages, its stack included.
    pub fn new(pages_limit: u64) -> Result<Self, UserMemoryError> {
        let window = VirtRange::new(MAPPED_START, MAPPED_SIZE).map_err(|_| UserMemoryError::Occupied)?;
        let stack_pages = USER_STACK_SIZE / PAGE_BYTES;
        let pages_left = pages_limit.checked_sub(stack_pages);
        Ok(Self {
            table: virtual_memory::new_user_table().map_err(|_| UserMemoryError::OutOfMemory)?,
            shared: Vec::new(),
            reserved: VirtualRanges::new(window),
            pages_left: pages_left.ok_or(UserMemoryError::OutOfMemory)?,
        })
    }

    /// Maps a frame of another owner, for reading or executing.
    ///
    /// # Safety
    ///
    /// The program may see the frame's content, which does not change while this address space exists. `flags` are not
    /// writable.
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

    /// Maps a new frame. `fill` gets its bytes, which are zero, before it is mapped.
    pub fn map_private(
        &mut self,
        page: Page,
        flags: ConfigurableFlags,
        fill: impl FnOnce(&mut [u8; PAGE_SIZE_BYTES]),
    ) -> Result<(), UserMemoryError> {
        self.pages_left = self.pages_left.checked_sub(1).ok_or(UserMemoryError::OutOfMemory)?;
        Self::check_place(page)?;
        self.map_filled(page, flags, fill)
    }

    /// Puts a text on top of the empty stack, and below it what a function's caller leaves there: a return address, 0.
    /// Returns the address of the text, and the stack pointer.
    pub fn begin_stack(&mut self, text: &[u8]) -> Result<(VirtAddr, VirtAddr), UserMemoryError> {
        if text.len() as u64 > MAX_STACK_TEXT_BYTES {
            return Err(UserMemoryError::TooLong);
        }
        let text_at = (USER_STACK_TOP - text.len() as u64).align_down(STACK_ALIGNMENT);
        let page = Page::containing(USER_STACK_TOP - 1, PageSize::_4KiB);
        let offset = usize::try_from(text_at - page.start()).map_err(|_| UserMemoryError::TooLong)?;
        self.map_filled(page, READ_WRITE, |bytes| {
            if let Some(place) = bytes.get_mut(offset..).and_then(|rest| rest.get_mut(..text.len())) {
                place.copy_from_slice(text);
            }
        })?;
        Ok((text_at, text_at - RETURN_ADDRESS_BYTES))
    }

    /// Reserves zeroed memory at addresses that are free, and returns the first.
    pub fn reserve(&mut self, size_bytes: u64) -> Result<VirtAddr, UserMemoryError> {
        let pages = size_bytes.div_ceil(PAGE_BYTES);
        let pages_left = self.pages_left.checked_sub(pages).ok_or(UserMemoryError::OutOfMemory)?;
        let allocation = self.reserved.allocate_contiguous_pages(pages, 0);
        let allocation = allocation.map_err(|_| UserMemoryError::OutOfMemory)?;
        self.pages_left = pages_left;
        Ok(allocation.pages.start())
    }

    /// Frees reserved memory, mapped or not. All of these pages must be reserved. Calls `pause` now and then.
    pub fn release(
        &mut self,
        start: VirtAddr,
        size_bytes: u64,
        mut pause: impl FnMut(),
    ) -> Result<(), UserMemoryError> {
        let pages = size_bytes.div_ceil(PAGE_BYTES);
        let size_bytes = pages.checked_mul(PAGE_BYTES).ok_or(UserMemoryError::NotMapped)?;
        let range = VirtRange::new(start, size_bytes).map_err(|_| UserMemoryError::NotMapped)?;
        if self.reserved.runs() >= MAX_RUNS && self.reserved.is_within_used(range) {
            return Err(UserMemoryError::OutOfMemory);
        }
        self.reserved.free(range).map_err(|_| UserMemoryError::NotMapped)?;
        self.pages_left += pages;
        for offset in (0..size_bytes).step_by(BYTES_BETWEEN_PAUSES) {
            self.unmap_own(start + offset, (size_bytes - offset).min(BYTES_BETWEEN_PAUSES as u64));
            pause();
        }
        Ok(())
    }

    /// Maps a new frame at the faulting address, if the page is reserved.
    pub fn handle_page_fault(&mut self, address: VirtAddr) -> FaultOutcome {
        if !self.is_reserved(address) {
            return FaultOutcome::NotReserved;
        }
        let page = Page::containing(address, PageSize::_4KiB);
        match self.map_filled(page, READ_WRITE, |_| {}) {
            Ok(()) => FaultOutcome::Mapped,
            Err(UserMemoryError::Occupied) => FaultOutcome::NotReserved,
            // A mapped page faults because it does not allow the access, however much memory there is.
            Err(_) if self.table.translate(address).is_some() => FaultOutcome::NotReserved,
            Err(_) => FaultOutcome::OutOfMemory,
        }
    }

    /// Switches this processor to the address space.
    ///
    /// # Safety
    ///
    /// It is not dropped before the processor switches to another one: see [`virtual_memory::switch_to_kernel_table`].
    pub unsafe fn switch_to(&self) {
        // SAFETY: The kernel's half is the same as in the table that is in use; the rest is the caller's promise.
        unsafe { self.table.switch_to() };
    }

    fn is_reserved(&self, address: VirtAddr) -> bool {
        is_in_stack(address) || self.reserved.state_at(address) == Some(PageState::Used)
    }

    /// Checks that a page of the program's file lies neither in the stack nor in the area of mapped memory.
    fn check_place(page: Page) -> Result<(), UserMemoryError> {
        let mapped_area = MAPPED_START..MAPPED_START + MAPPED_SIZE;
        if mapped_area.contains(&page.start()) || is_in_stack(page.start()) {
            return Err(UserMemoryError::Occupied);
        }
        Ok(())
    }

    /// Maps a new frame that belongs to this address space, after `fill` has changed its zeroed bytes.
    #[inline]
    fn map_filled(
        &mut self,
        page: Page,
        flags: ConfigurableFlags,
        fill: impl FnOnce(&mut [u8; PAGE_SIZE_BYTES]),
    ) -> Result<(), UserMemoryError> {
        let frame = frame_allocator::allocate_user_frame().ok_or(UserMemoryError::OutOfMemory)?;
        // SAFETY: The frame was just allocated, so nobody else uses it; all RAM is in the direct map.
        fill(unsafe { &mut *frame.start_address().offset_mapped().as_mut_ptr() });
        // SAFETY: The frame belongs to this address space alone, and the program may know all that it holds.
        let mapped = unsafe { self.map(page, Frame::from(frame), flags) };
        if mapped.is_err() {
            // SAFETY: It was just allocated, and is not mapped.
            unsafe { frame_allocator::free_frame(frame, FrameUse::Program) };
        }
        mapped
    }

    /// Maps a frame.
    ///
    /// # Safety
    ///
    /// The program may see the frame's content, and `flags` allow nothing that another owner of the frame forbids.
    unsafe fn map(&mut self, page: Page, frame: Frame, flags: ConfigurableFlags) -> Result<(), UserMemoryError> {
        // SAFETY: The caller's promise.
        match unsafe { self.table.map_page(page, frame, flags) } {
            Ok(flush) => {
                flush.flush_by(tlb::flush);
                Ok(())
            }
            Err(MapError::OutOfFrames(_)) => Err(UserMemoryError::OutOfMemory),
            Err(_) => Err(UserMemoryError::Occupied),
        }
    }

    /// Unmaps all pages in a range, which holds no shared frames, and frees their frames.
    fn unmap_own(&mut self, start: VirtAddr, size_bytes: u64) {
        // SAFETY: The program does not run meanwhile. This processor flushes the pages below, before the program runs again;
        // no other processor has used them.
        let unmapped = unsafe { self.table.unmap_all_in(start, size_bytes, free_own_frame) };
        match unmapped {
            Ok(flush) if flush.address_count() <= MAX_SINGLE_FLUSHES => flush.flush_by(tlb::flush),
            Ok(flush) => {
                tlb::flush_all();
                flush.ignore();
            }
            Err(error) => log::error!("A program's memory at {start:#x} cannot be unmapped: {error}"),
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
        self.unmap_own(USER_START, USER_END - USER_START);
    }
}

fn is_in_stack(address: VirtAddr) -> bool {
    (user_stack_start()..USER_STACK_TOP).contains(&address)
}

fn free_own_frame(frame: Frame) {
    let frame = PhysFrame::containing_address(frame.start());
    // SAFETY: The frame was allocated as a single one for this address space, and has just been unmapped.
    unsafe { frame_allocator::free_frame(frame, FrameUse::Program) };
}
