//! The owner of each frame of physical memory.
//!
//! A map of ranges, behind one lock, knows all owners. The map lies on the heap. Lock order: virtual memory, a frame
//! cache, this, then heap and heap stock. Single frames come from [`super::frame_allocator`], which fetches them from here
//! in batches.

use super::fill::poison;
use crate::sync::{IrqSpinLock, IrqSpinLockGuard};
use memory_ranges::{
    AllocateError, BootMap, FrameBlocks, KernelMemoryUsageType, MemoryType, NotTaken, OwnershipError, PAGE_BYTES,
    PhysRange, PhysicalRanges, PutBack,
};
use spin::Once;
use x86_64::{
    PhysAddr,
    structures::paging::{PageSize, PhysFrame, Size2MiB, Size4KiB},
};

/// No upper limit: for memory that no device has to reach.
pub const ANY_ADDRESS: PhysAddr = memory_ranges::LAST_PHYS_ADDR;

pub(super) const HEAP: MemoryType = MemoryType::UsedByKernel(KernelMemoryUsageType::GlobalAllocatorHeap);

/// The owner of the blocks of which single frames are allocated.
pub(super) const SINGLE_FRAMES: MemoryType = MemoryType::UsedByKernel(KernelMemoryUsageType::SingleFrames);

/// Memory outside of blocks that programs leave to the kernel.
const KERNEL_RESERVE_BYTES: u64 = 8 * 1024 * 1024;

/// With less memory than this outside of blocks, programs get no new block.
const MIN_BYTES_FOR_BLOCK: u64 = KERNEL_RESERVE_BYTES + Size2MiB::SIZE;

/// Free frames in blocks that programs leave to the kernel: enough for the page tables that one user page can need.
const KERNEL_RESERVE_FRAMES: u64 = 64;

/// Set once, by [`init`], on the BSP.
static PHYSICAL_MEMORY: Once<IrqSpinLock<PhysicalMemory>> = Once::new();

/// The owners of all memory.
pub struct PhysicalMemory {
    ranges: PhysicalRanges,
    /// The memory of [`SINGLE_FRAMES`].
    blocks: FrameBlocks,
}

/// Starts the map from the boot loader's. `first_heap_piece` belongs to the heap already.
pub(super) fn init(map: &BootMap, first_heap_piece: PhysRange) -> Result<(), OwnershipError> {
    let mut ranges = PhysicalRanges::from_boot_map(map);
    ranges.allocate_at(first_heap_piece, HEAP)?;
    let blocks = FrameBlocks::new();
    PHYSICAL_MEMORY.call_once(|| IrqSpinLock::new(PhysicalMemory { ranges, blocks }));
    Ok(())
}

/// Locks the map. `None` before [`init`].
pub fn lock() -> Option<IrqSpinLockGuard<'static, PhysicalMemory>> {
    PHYSICAL_MEMORY.get().map(IrqSpinLock::lock)
}

/// Locks the map unless this processor holds the lock already: then the map itself is allocating on the heap.
pub(super) fn lock_unless_held_here() -> Option<IrqSpinLockGuard<'static, PhysicalMemory>> {
    let memory = PHYSICAL_MEMORY.get()?;
    (!memory.is_held_by_this_cpu()).then(|| memory.lock())
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

    /// Allocates one frame of 4 KiB, 2 MiB or 1 GiB.
    pub fn allocate_frame_with_type(&mut self, size_bytes: u64, owner: MemoryType) -> Result<PhysRange, AllocateError> {
        self.allocate(size_bytes, size_bytes, ANY_ADDRESS, owner)
    }

    /// Allocates `max_size_bytes`, or less if the highest usable range is smaller.
    pub fn allocate_up_to(&mut self, max_size_bytes: u64, owner: MemoryType) -> Result<PhysRange, AllocateError> {
        self.ranges.allocate_up_to(max_size_bytes, owner)
    }

    /// Takes between one and `max_count` single frames, or none if memory has run out.
    pub(super) fn take_frames(&mut self, max_count: usize, give: impl FnMut(PhysFrame<Size4KiB>)) {
        if self.blocks.free_frames() == 0
            && let Ok(block) = self.allocate_up_to(Size2MiB::SIZE, SINGLE_FRAMES)
        {
            self.blocks.add(block);
        }
        self.blocks.take(max_count, give);
    }

    /// Frees a single frame.
    ///
    /// # Safety
    ///
    /// Nobody uses the frame any more.
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

    /// Whether programs get no more frames: the rest is reserved for the kernel.
    pub(super) fn is_scarce(&self) -> bool {
        self.blocks.free_frames() < KERNEL_RESERVE_FRAMES
            && self.ranges.bytes_of(MemoryType::Usable) < MIN_BYTES_FOR_BLOCK
    }

    /// Bytes still available to programs, including their page tables.
    pub fn bytes_for_programs(&self) -> u64 {
        let usable_bytes = self.ranges.bytes_of(MemoryType::Usable);
        let frames = self.blocks.free_frames().saturating_sub(KERNEL_RESERVE_FRAMES);
        usable_bytes.saturating_sub(MIN_BYTES_FOR_BLOCK) + frames * PAGE_BYTES
    }

    /// Frees memory of this owner.
    ///
    /// # Safety
    ///
    /// Nobody uses the memory any more.
    pub unsafe fn free(&mut self, range: PhysRange, owner: MemoryType) -> Result<(), OwnershipError> {
        self.ranges.free(range, owner)?;
        // SAFETY: The caller's promise; nobody can allocate the memory while the map is locked.
        unsafe { poison(range) };
        Ok(())
    }

    pub(super) fn change_owner(
        &mut self,
        range: PhysRange,
        from: MemoryType,
        to: MemoryType,
    ) -> Result<(), OwnershipError> {
        self.ranges.change_owner(range, from, to)
    }

    /// Makes the boot loader's memory usable. Returns the number of bytes.
    ///
    /// # Safety
    ///
    /// Nobody uses anything of the boot loader any more: its page tables, its stacks, its answers. No processor waits in
    /// its code.
    pub unsafe fn reclaim_boot_loader_memory(&mut self) -> u64 {
        self.ranges.reclaim(MemoryType::UsedByLimine, |range| {
            // SAFETY: The caller's promise; nobody can allocate the memory while the map is locked.
            unsafe { poison(range) };
        })
    }

    /// Whether any of this range is memory that the kernel manages.
    pub fn has_ram_in(&self, range: PhysRange) -> bool {
        self.ranges.overlaps(range)
    }

    /// Number of free bytes, those in blocks included.
    pub fn usable_bytes(&self) -> u64 {
        self.ranges.bytes_of(MemoryType::Usable) + self.blocks.free_frames() * PAGE_BYTES
    }

    /// Bytes of each owner that has any. `frames_in_use` (from [`super::frame_allocator::frames_in_use_by_owner`]) says
    /// for whom the frames of the blocks are in use; the rest of the blocks is free or in the caches.
    pub fn statistics(
        &self,
        frames_in_use: impl IntoIterator<Item = (MemoryType, u64)>,
    ) -> impl Iterator<Item = (MemoryType, u64)> {
        let mut statistics = self.ranges.statistics();
        let free = (MemoryType::Usable, self.blocks.free_frames());
        for (owner, frames) in frames_in_use.into_iter().chain([free]) {
            move_bytes(&mut statistics, SINGLE_FRAMES, owner, frames * PAGE_BYTES);
        }
        statistics.into_iter().filter(|(_, bytes)| *bytes != 0)
    }
}

/// Counts bytes of one owner as another's, at most all that the owner has.
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
