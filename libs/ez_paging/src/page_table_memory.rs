//! The memory of page tables: where their frames come from, and at which addresses they are accessed.
//!
//! A kernel implements it once, with its frame allocator and its direct map; tests implement it with a fake memory.

use core::ptr::NonNull;

use x86_64::structures::paging::PhysFrame;

/// A handle to the memory of page tables. Handles are copied freely: usually they are empty, or one reference.
///
/// # Safety
///
/// The implementor ensures:
/// - Nothing else uses a frame that [`Self::allocate_frame`] returned, until it is passed to [`Self::free_frame`] of this
///   handle or a copy.
/// - Until then [`Self::table_pointer`] always returns the same address for it. The address is aligned to 4 KiB, and its 4 KiB
///   can be read and written.
pub unsafe trait PageTableMemory: Copy {
    /// Allocates a frame with arbitrary content. `None` if memory has run out.
    fn allocate_frame(&self) -> Option<PhysFrame>;

    /// Frees a frame.
    ///
    /// # Safety
    ///
    /// The frame is from [`Self::allocate_frame`] of this handle or a copy, and is freed only once. Nothing uses it any more,
    /// and no CPU walks through it.
    unsafe fn free_frame(&self, frame: PhysFrame);

    /// The address at which a frame from [`Self::allocate_frame`] is accessed.
    fn table_pointer(&self, frame: PhysFrame) -> NonNull<[u64; 512]>;
}
