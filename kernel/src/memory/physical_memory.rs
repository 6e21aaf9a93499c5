//! Which physical memory belongs to whom.
//!
//! One map of intervals knows the owner of each frame. It is behind a lock, and is on the heap itself. Lock order:
//! virtual memory, then this, then the heap, then its stock. Single frames come from a cache of each processor
//! ([`super::frame_allocator`]), which asks here only for whole batches.

use super::frame_allocator::{self, FrameUse};
use crate::{boot::hhdm_offset::OffsetMappedPhysAddr, sync::IrqSpinLock, sync::IrqSpinLockGuard};
use core::arch::asm;
use memory_ranges::{
    AllocateError, BootMap, FrameBlocks, KernelMemoryUsageType, MemoryType, NotTaken, OwnershipError, PAGE_BYTES,
    PhysRange, PhysicalRanges, PutBack,
};
use spin::Once;
use x86_64::{
    PhysAddr,
    structures::paging::{PageSize, PhysFrame, Size2MiB, Size4KiB},
};

/// Any address: for memory that no device has to reach.
pub const ANY_ADDRESS: PhysAddr = memory_ranges::LAST_PHYS_ADDR;

/// What freed memory is filled with in a debug build: a non-canonical address, so that whoever follows it is caught.
pub(super) const POISON: u64 = 0xdead_0000_dead_0000;

/// The owner of pieces of the heap.
const HEAP: MemoryType = MemoryType::UsedByKernel(KernelMemoryUsageType::GlobalAllocatorHeap);

/// Set once, by [`init`], on the BSP.
static PHYSICAL_MEMORY: Once<IrqSpinLock<PhysicalMemory>> = Once::new();

/// How the map knows the blocks that single frames are taken of.
pub(super) const SINGLE_FRAMES: MemoryType = MemoryType::UsedByKernel(KernelMemoryUsageType::SingleFrames);

/// What programs leave to the kernel of memory that is in no block.
const KERNEL_RESERVE_BYTES: u64 = 8 * 1024 * 1024;

/// With less than this in no block, programs get no new one.
const LEAST_BYTES_FOR_BLOCK: u64 = KERNEL_RESERVE_BYTES + Size2MiB::SIZE;

/// What programs leave to the kernel of blocks: more than any page of theirs takes for page tables, so that those do not take what
/// is in none.
const KERNEL_RESERVE_FRAMES: u64 = 64;

/// The owners of all memory.
pub struct PhysicalMemory {
    /// The map.
    ranges: PhysicalRanges,
    /// What of it is taken frame by frame.
    blocks: FrameBlocks,
}

/// Starts the map from the boot loader's, in which the heap has taken `first_heap_piece` already.
pub(super) fn init(map: &BootMap, first_heap_piece: PhysRange) -> Result<(), OwnershipError> {
    let mut ranges = PhysicalRanges::from_boot_map(map);
    ranges.allocate_at(first_heap_piece, HEAP)?;
    let blocks = FrameBlocks::new();
    PHYSICAL_MEMORY.call_once(|| IrqSpinLock::new(PhysicalMemory { ranges, blocks }));
    Ok(())
}

/// The map, locked. `None` before [`init`].
pub fn lock() -> Option<IrqSpinLockGuard<'static, PhysicalMemory>> {
    PHYSICAL_MEMORY.get().map(IrqSpinLock::lock)
}

impl PhysicalMemory {
    /// Allocates contiguous memory that begins at a multiple of `alignment_bytes` and ends at or below `max_address`.
    pub fn allocate(
        &mut self,
        size_bytes: u64,
        alignment_bytes: u64,
        max_address: PhysAddr,
        owner: MemoryType,
    ) -> Result<PhysRange, AllocateError> {
        self.ranges.allocate(size_bytes, alignment_bytes, max_address, owner)
    }

    /// Allocates one frame of a size that pages have.
    pub fn allocate_frame_with_type(&mut self, size_bytes: u64, owner: MemoryType) -> Result<PhysRange, AllocateError> {
        self.allocate(size_bytes, size_bytes, ANY_ADDRESS, owner)
    }

    /// Allocates one range of whole pages, as large as there is up to `max_size_bytes`.
    pub fn allocate_up_to(&mut self, max_size_bytes: u64, owner: MemoryType) -> Result<PhysRange, AllocateError> {
        self.ranges.allocate_up_to(max_size_bytes, owner)
    }

    /// Takes single frames, at least one and at most `max_count`, unless there is no memory.
    pub(super) fn take_frames(&mut self, max_count: usize, give: impl FnMut(PhysFrame<Size4KiB>)) {
        if self.blocks.free_frames() == 0
            && let Ok(block) = self.allocate_up_to(Size2MiB::SIZE, SINGLE_FRAMES)
        {
            self.blocks.add(block);
        }
        self.blocks.take(max_count, give);
    }

    /// Puts a single frame back.
    ///
    /// # Safety
    ///
    /// Nobody may use it any more.
    pub(super) unsafe fn put_back_frame(&mut self, frame: PhysFrame<Size4KiB>) -> Result<(), OwnershipError> {
        match self.blocks.put_back(frame) {
            Ok(PutBack::Kept) => Ok(()),
            Ok(PutBack::WholeBlock(block)) => block
                .ranges()
                .try_for_each(|range| self.ranges.free(range, SINGLE_FRAMES)),
            Err(NotTaken) => Err(OwnershipError::NotInUse {
                address: frame.start_address(),
            }),
        }
    }

    /// Whether no program may have another frame: the rest is the kernel's.
    pub(super) fn is_scarce(&self) -> bool {
        self.blocks.free_frames() < KERNEL_RESERVE_FRAMES
            && self.ranges.bytes_of(MemoryType::Usable) < LEAST_BYTES_FOR_BLOCK
    }

    /// How many bytes programs may have still, their page tables among them.
    pub fn bytes_for_programs(&self) -> u64 {
        let in_no_block = self
            .ranges
            .bytes_of(MemoryType::Usable)
            .saturating_sub(LEAST_BYTES_FOR_BLOCK);
        let frames = self.blocks.free_frames().saturating_sub(KERNEL_RESERVE_FRAMES);
        in_no_block + frames * PAGE_BYTES
    }

    /// Makes memory of this owner usable again.
    ///
    /// # Safety
    ///
    /// Nobody may use the memory any more.
    pub unsafe fn free(&mut self, range: PhysRange, owner: MemoryType) -> Result<(), OwnershipError> {
        self.ranges.free(range, owner)?;
        // SAFETY: The caller's promise, and the map's lock is held.
        unsafe { poison(range) };
        Ok(())
    }

    /// Gives memory of one owner's to another.
    pub(super) fn change_owner(
        &mut self,
        range: PhysRange,
        from: MemoryType,
        to: MemoryType,
    ) -> Result<(), OwnershipError> {
        self.ranges.change_owner(range, from, to)
    }

    /// Makes what the boot loader used usable. Returns how many bytes that are.
    ///
    /// # Safety
    ///
    /// Nobody may use anything of the boot loader's any more: neither its page tables, stacks and answers, nor a
    /// processor that waits in its code.
    pub unsafe fn reclaim_boot_loader_memory(&mut self) -> u64 {
        self.ranges.reclaim(MemoryType::UsedByLimine, |range| {
            // SAFETY: The caller's promise, and the map's lock is held.
            unsafe { poison(range) };
        })
    }

    /// Whether any of this is memory that the kernel gives out, or has given.
    pub fn has_ram_in(&self, range: PhysRange) -> bool {
        self.ranges.overlaps(range)
    }

    /// How many bytes are free.
    pub fn usable_bytes(&self) -> u64 {
        self.ranges.bytes_of(MemoryType::Usable) + self.blocks.free_frames() * PAGE_BYTES
    }

    /// How many bytes each owner has, where it has any. Single frames are told apart by what they were allocated for; what
    /// is left of their blocks is free, or lies in the caches.
    pub fn statistics(&self) -> impl Iterator<Item = (MemoryType, u64)> {
        let mut statistics = self.ranges.statistics();
        let free_bytes = self.blocks.free_frames() * PAGE_BYTES;
        move_bytes(&mut statistics, SINGLE_FRAMES, MemoryType::Usable, free_bytes);
        for frame_use in FrameUse::ALL {
            let frames = u64::try_from(frame_allocator::frames_in_use_as(frame_use)).unwrap_or(0);
            move_bytes(&mut statistics, SINGLE_FRAMES, frame_use.owner(), frames * PAGE_BYTES);
        }
        statistics.into_iter().filter(|(_, bytes)| *bytes != 0)
    }
}

/// Counts bytes of one owner, as many as it has at most, as another's.
fn move_bytes(statistics: &mut [(MemoryType, u64)], from: MemoryType, to: MemoryType, bytes: u64) {
    let mut moved = 0;
    if let Some((_, held)) = statistics.iter_mut().find(|(owner, _)| *owner == from) {
        moved = bytes.min(*held);
        *held -= moved;
    }
    if let Some((_, held)) = statistics.iter_mut().find(|(owner, _)| *owner == to) {
        *held += moved;
    }
}

/// Sets what a range of RAM holds to zeroes.
///
/// # Safety
///
/// The caller owns the memory.
pub unsafe fn zero(range: PhysRange) {
    // SAFETY: The caller's promise.
    unsafe { fill(range, 0) };
}

/// Makes what freed memory held unusable, in a debug build.
///
/// # Safety
///
/// Nobody uses the memory, and nobody can allocate it meanwhile.
unsafe fn poison(range: PhysRange) {
    if cfg!(debug_assertions) {
        // SAFETY: The caller's promise. All RAM is in the direct map, writable but for the kernel's own code and constants,
        // which are never freed.
        unsafe { fill(range, POISON) };
    }
}

/// Fills a range of RAM with copies of a word.
///
/// # Safety
///
/// The caller owns the memory, and it is writable in the direct map.
unsafe fn fill(range: PhysRange, word: u64) {
    let start = range.start().offset_mapped().as_mut_ptr();
    // SAFETY: The caller's promise: a range is whole frames, so it is aligned.
    unsafe { fill_words(start, range.size_bytes() / size_of::<u64>() as u64, word) };
}

/// Writes a word so many times, by the instruction that is fastest for whole pages.
///
/// # Safety
///
/// So many words begin there, aligned and writable, and the caller owns them.
#[inline]
pub(super) unsafe fn fill_words(start: *mut u64, count: u64, word: u64) {
    // SAFETY: The caller's promise.
    unsafe {
        asm!(
            "rep stosq",
            inout("rcx") count => _,
            inout("rdi") start => _,
            in("rax") word,
            options(nostack, preserves_flags)
        );
    }
}

/// A piece for the heap's stock; `None` when there is none, or when this processor is using the map: then the map itself
/// has just allocated.
pub(super) fn allocate_heap_piece() -> Option<PhysFrame<Size2MiB>> {
    let memory = PHYSICAL_MEMORY.get()?;
    if memory.is_held_by_this_cpu() {
        return None;
    }
    let mut memory = memory.lock();
    let range = memory.allocate_frame_with_type(Size2MiB::SIZE, HEAP).ok()?;
    PhysFrame::from_start_address(range.start()).ok()
}

/// Gives back a piece that the stock had no room for.
pub(super) fn free_heap_piece(piece: PhysFrame<Size2MiB>) {
    let range = PhysRange::new(piece.start_address(), Size2MiB::SIZE);
    if let (Some(mut memory), Ok(range)) = (lock(), range) {
        // SAFETY: It has just been allocated, and never used.
        let freed = unsafe { memory.free(range, HEAP) };
        debug_assert!(freed.is_ok(), "{freed:?}");
    }
}
