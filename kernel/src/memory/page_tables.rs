//! Page tables of this kernel: where they lie, and how memory is mapped.

use super::frame_allocator::{self, FrameUse};
use crate::boot::hhdm_offset::OffsetMappedPhysAddr;
use core::ptr::NonNull;
use ez_paging::{ConfigurableFlags, ManagedL4PageTable, PageTableMemory, PatMemoryType};
use x86_64::structures::paging::PhysFrame;

/// A level-4 table of the kernel or of a program, with all tables below it.
pub type PageTables = ManagedL4PageTable<FramesInDirectMap>;

/// Data; not executable.
pub const READ_WRITE: ConfigurableFlags = ConfigurableFlags {
    writable: true,
    executable: false,
    pat_memory_type: PatMemoryType::WriteBack,
};

/// Constants.
pub const READ_ONLY: ConfigurableFlags = ConfigurableFlags {
    writable: false,
    ..READ_WRITE
};

/// Code.
pub const READ_EXECUTE: ConfigurableFlags = ConfigurableFlags {
    executable: true,
    ..READ_ONLY
};

pub(super) const REGISTERS: ConfigurableFlags = ConfigurableFlags {
    pat_memory_type: PatMemoryType::StrongUncacheable,
    ..READ_WRITE
};

pub(super) const PIXELS: ConfigurableFlags = ConfigurableFlags {
    pat_memory_type: PatMemoryType::WriteCombining,
    ..READ_WRITE
};

/// The memory of page tables: frames of the frame allocator, accessed through the direct map.
#[derive(Debug, Clone, Copy)]
pub struct FramesInDirectMap;

// SAFETY: An allocated frame has no other user until it is freed. All RAM is in the direct map from beginning to end, at an
// address that never changes: the kernel's own tables keep the boot loader's offset.
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
