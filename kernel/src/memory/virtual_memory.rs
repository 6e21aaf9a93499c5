//! The kernel's address space: its page tables, and the ranges of it that are allocated at run time.
//!
//! Lock order: this, then a frame cache, then physical memory, then the heap.

use super::{
    address_space,
    dead_region::{DeadRegion, MAX_DEAD_REGIONS},
    owned_ram::{AllocateRamError, OwnedRam},
    page_tables::{PageTables, READ_WRITE},
};
use crate::sync::{IrqSpinLock, IrqSpinLockGuard};
use arrayvec::ArrayVec;
use ez_paging::{ConfigurableFlags, ManagedL4PageTable, MapRangeError, UnmapRangeError};
use memory_ranges::{
    AllocatePagesError, PAGE_BYTES, PageStateError, PhysRange, VirtRange, VirtualAllocation, VirtualRanges,
};
use spin::Once;
use thiserror::Error;
use x86_64::{PhysAddr, VirtAddr, instructions::tlb};

/// Unmapped pages before and after each range.
const GUARD_PAGES: u64 = 1;

/// Set once, by [`init`], on the BSP.
static VIRTUAL_MEMORY: Once<IrqSpinLock<VirtualMemory>> = Once::new();

pub(super) struct VirtualMemory {
    ranges: VirtualRanges,
    table: PageTables,
    pub(super) dead_regions: ArrayVec<DeadRegion, MAX_DEAD_REGIONS>,
}

/// Why memory was not mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MapRegionError {
    #[error("the address space is not set up yet")]
    NotReady,
    #[error(transparent)]
    NoRoom(AllocatePagesError),
    #[error("there is not enough memory: {0}")]
    NoMemory(#[from] AllocateRamError),
    #[error("the page tables refuse: {0}")]
    Map(#[from] MapRangeError),
    #[error("device registers cannot lie at {start:#x}")]
    NoAddress { start: PhysAddr },
    #[error("there is RAM at {start:#x}, not device registers")]
    Ram { start: PhysAddr },
}

/// Starts the kernel's address space, and switches this processor to it.
///
/// # Safety
///
/// The table maps everything that the kernel uses from here on, at the addresses in use.
pub(super) unsafe fn init(table: PageTables) {
    let start = VirtAddr::new_truncate(address_space::RANGES_START);
    let window =
        VirtRange::new(start, address_space::RANGES_SIZE).expect("the window is whole pages of the higher half");
    VIRTUAL_MEMORY.call_once(|| {
        IrqSpinLock::new(VirtualMemory {
            ranges: VirtualRanges::new(window),
            table,
            dead_regions: ArrayVec::new_const(),
        })
    });
    // SAFETY: The caller's promise.
    unsafe { switch_to_kernel_table() };
}

/// Switches this processor to the kernel's page tables.
///
/// # Safety
///
/// EFER.NXE and the PAT are set as the tables need them, and the tables map everything that the caller uses from here on.
pub unsafe fn switch_to_kernel_table() {
    if let Some(memory) = VIRTUAL_MEMORY.get() {
        // SAFETY: The caller's promise; the table is in a static and never dropped.
        unsafe { memory.lock().table.switch_to() };
    }
}

/// Makes page tables for a program: the lower half is empty, the higher half is the kernel's.
pub fn new_user_table() -> Result<PageTables, MapRegionError> {
    let memory = lock()?;
    ManagedL4PageTable::new_user(&memory.table).map_err(|error| MapRegionError::Map(error.into()))
}

pub(super) fn lock() -> Result<IrqSpinLockGuard<'static, VirtualMemory>, MapRegionError> {
    let memory = VIRTUAL_MEMORY.get().map(IrqSpinLock::lock);
    memory.ok_or(MapRegionError::NotReady)
}

pub(super) fn map_stack(start: VirtAddr, memory: &OwnedRam) -> Result<(), MapRegionError> {
    // SAFETY: The memory belongs to the stack alone, and so do the addresses.
    let mapped = unsafe { lock()?.map(start, memory.range(), READ_WRITE) };
    mapped.map_err(MapRegionError::Map)
}

impl VirtualMemory {
    /// Maps physical memory at free addresses between guard pages. The memory is the caller's, or a device's.
    pub(super) fn map_guarded(
        &mut self,
        frames: PhysRange,
        flags: ConfigurableFlags,
    ) -> Result<VirtualAllocation, MapRegionError> {
        let pages = frames.size_bytes() / PAGE_BYTES;
        let allocation = self
            .ranges
            .allocate_contiguous_pages(pages, GUARD_PAGES)
            .map_err(MapRegionError::NoRoom)?;
        // SAFETY: The caller owns the memory, or it is a device's; the addresses were free.
        unsafe { self.map(allocation.pages.start(), frames, flags) }.map_err(|error| {
            // The pages were never mapped, so no TLB has them.
            let _freed = self.ranges.free(allocation.whole);
            MapRegionError::Map(error)
        })?;
        Ok(allocation)
    }

    /// Maps physical memory at an address.
    ///
    /// # Safety
    ///
    /// As for [`ManagedL4PageTable::map_range`].
    unsafe fn map(
        &mut self,
        start: VirtAddr,
        frames: PhysRange,
        flags: ConfigurableFlags,
    ) -> Result<(), MapRangeError> {
        // SAFETY: The caller's promise.
        let flush = unsafe { self.table.map_range(start, frames.start(), frames.size_bytes(), flags) }?;
        flush.flush_by(tlb::flush);
        Ok(())
    }

    /// Unmaps pages, and flushes them on this processor.
    ///
    /// # Safety
    ///
    /// Nobody uses the pages any more. Pages and memory are reused only after a TLB shootdown.
    pub(super) unsafe fn unmap(&mut self, pages: VirtRange) -> Result<(), UnmapRangeError> {
        // SAFETY: The caller's promise.
        let flush = unsafe { self.table.unmap_range(pages.start(), pages.size_bytes(), |_frame| {}) }?;
        flush.flush_by(tlb::flush);
        Ok(())
    }

    /// Makes addresses free. They are unmapped, and no processor's TLB has them.
    pub(super) fn free(&mut self, whole: VirtRange) -> Result<(), PageStateError> {
        self.ranges.free(whole)
    }
}
