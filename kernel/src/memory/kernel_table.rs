//! The kernel's page tables, and the memory that they lie in.

use super::frame_allocator::{self, FrameUse};
use crate::boot::hhdm_offset::OffsetMappedPhysAddr;
use core::ptr::NonNull;
use ez_paging::{ManagedL4PageTable, PageTableMemory};
use x86_64::structures::paging::PhysFrame;

/// A level-4 table of this kernel's, with all below it.
pub type KernelTable = ManagedL4PageTable<FramesInDirectMap>;

/// Page tables lie in single frames, and are reached through the direct map.
#[derive(Debug, Clone, Copy)]
pub struct FramesInDirectMap;

// SAFETY: A frame of the cache is nobody else's until it is given back. All RAM is in the direct map from beginning to
// end, at an address that never changes: the kernel's own tables keep the boot loader's offset.
unsafe impl PageTableMemory for FramesInDirectMap {
    fn allocate_frame(&self) -> Option<PhysFrame> {
        frame_allocator::allocate_frame(FrameUse::PageTable)
    }

    unsafe fn free_frame(&self, frame: PhysFrame) {
        // SAFETY: The caller's promise.
        unsafe { frame_allocator::free_frame(frame, FrameUse::PageTable) };
    }

    fn table_pointer(&self, frame: PhysFrame) -> NonNull<[u64; 512]> {
        let address = frame.start_address().offset_mapped();
        NonNull::new(address.as_mut_ptr()).unwrap_or(NonNull::dangling())
    }
}
