//! How this library gets at memory: where the frames of page tables come from and where they can be read and written.
//!
//! A kernel implements it once, over its frame allocator and its map of physical memory; tests over a fake memory.

use core::ptr::NonNull;

use x86_64::structures::paging::PhysFrame;

/// A handle to the memory that page tables lie in. Handles are copied freely: usually they are empty or one reference.
///
/// # Safety
///
/// The implementor makes sure that
/// - a frame returned by [`Self::allocate_frame`] is memory that nothing else uses, until it is given to
///   [`Self::free_frame`] of this handle or a copy;
/// - until then [`Self::table_pointer`] always returns the same address for it, which is aligned to 4 KiB and can be
///   read and written for 4 KiB; nobody else does.
pub unsafe trait PageTableMemory: Copy {
    /// Takes a frame; its content does not matter. `None` when there is none left.
    fn allocate_frame(&self) -> Option<PhysFrame>;

    /// Gives a frame back.
    ///
    /// # Safety
    ///
    /// The frame is from [`Self::allocate_frame`] of this handle or a copy, and it is given back only once. Nothing uses
    /// it any more; nor does a CPU walk through it.
    unsafe fn free_frame(&self, frame: PhysFrame);

    /// Where a frame from [`Self::allocate_frame`] can be read and written.
    fn table_pointer(&self, frame: PhysFrame) -> NonNull<[u64; 512]>;
}
