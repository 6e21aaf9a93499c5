//! Helpers for the tests. No CPU uses the tables, so the safe functions below may call the library's unsafe ones.

use ez_paging::{
    ConfigurableFlags, Flush, Frame, ManagedL4PageTable, MapError, MapRangeError, MappedPageError, Page, PageSize,
    PagingConfig, PatMemoryType, UnmapRangeError, Unmapped,
};
use x86_64::{PhysAddr, VirtAddr};

use crate::{
    fake_cpu::{self, Found},
    fake_memory::FakeMemory,
    features::{FakeCpuId, RICH, features_of},
};

/// First address of the higher half.
pub(crate) const HIGHER: u64 = 0xffff_8000_0000_0000;

pub(crate) const KIB_4: u64 = 0x1000;

pub(crate) const MIB_2: u64 = 0x20_0000;

pub(crate) const GIB_1: u64 = 0x4000_0000;

/// Flags of ordinary data.
pub(crate) const DATA: ConfigurableFlags = ConfigurableFlags {
    writable: true,
    executable: false,
    pat_memory_type: PatMemoryType::WriteBack,
};

/// Flags of a program's text.
pub(crate) const TEXT: ConfigurableFlags = ConfigurableFlags {
    writable: false,
    executable: true,
    pat_memory_type: PatMemoryType::WriteBack,
};

/// An address space in a fake memory.
pub(crate) type Table<'memory> = ManagedL4PageTable<&'memory FakeMemory>;

/// A page by numbers.
pub(crate) fn page(start: u64, size: PageSize) -> Page {
    Page::new(VirtAddr::new(start), size).expect("the test's page is aligned")
}

/// A frame by numbers.
pub(crate) fn frame(start: u64, size: PageSize) -> Frame {
    Frame::new(PhysAddr::new(start), size).expect("the test's frame is aligned")
}

/// A kernel's table on the CPU that `cpuid` describes.
pub(crate) fn kernel_table_on(memory: &FakeMemory, cpuid: FakeCpuId) -> Table<'_> {
    let config = PagingConfig::new_kernel(memory, features_of(cpuid));
    ManagedL4PageTable::new_kernel(config).expect("there are frames")
}

/// A kernel's table on a CPU with all features.
pub(crate) fn kernel_table(memory: &FakeMemory) -> Table<'_> {
    kernel_table_on(memory, RICH)
}

pub(crate) fn user_table<'memory>(kernel: &Table<'memory>) -> Table<'memory> {
    ManagedL4PageTable::new_user(kernel).expect("there are frames")
}

pub(crate) fn map<'memory>(
    table: &mut Table<'memory>,
    page: Page,
    frame: Frame,
    flags: ConfigurableFlags,
) -> Result<Flush<&'memory FakeMemory>, MapError> {
    // SAFETY: No CPU uses the table.
    unsafe { table.map_page(page, frame, flags) }
}

pub(crate) fn map_range<'memory>(
    table: &mut Table<'memory>,
    start: u64,
    physical_start: u64,
    length_bytes: u64,
) -> Result<Flush<&'memory FakeMemory>, MapRangeError> {
    let (start, physical_start) = (VirtAddr::new(start), PhysAddr::new(physical_start));
    // SAFETY: No CPU uses the table.
    unsafe { table.map_range(start, physical_start, length_bytes, DATA) }
}

pub(crate) fn unmap<'memory>(
    table: &mut Table<'memory>,
    page: Page,
) -> Result<Unmapped<&'memory FakeMemory>, MappedPageError> {
    // SAFETY: No CPU uses the table.
    unsafe { table.unmap_page(page) }
}

/// Unmaps a range, and collects its frames in `frames`.
pub(crate) fn unmap_range<'memory>(
    table: &mut Table<'memory>,
    start: u64,
    length_bytes: u64,
    frames: &mut Vec<Frame>,
) -> Result<Flush<&'memory FakeMemory>, UnmapRangeError> {
    // SAFETY: No CPU uses the table.
    unsafe { table.unmap_range(VirtAddr::new(start), length_bytes, |frame| frames.push(frame)) }
}

/// Unmaps all pages of a range that may have gaps, and collects their frames in `frames`.
pub(crate) fn unmap_all_in<'memory>(
    table: &mut Table<'memory>,
    start: u64,
    length_bytes: u64,
    frames: &mut Vec<Frame>,
) -> Result<Flush<&'memory FakeMemory>, UnmapRangeError> {
    // SAFETY: No CPU uses the table.
    unsafe { table.unmap_all_in(VirtAddr::new(start), length_bytes, |frame| frames.push(frame)) }
}

/// The CPU's translation of `address`.
pub(crate) fn seen(memory: &FakeMemory, table: &Table<'_>, address: u64) -> Option<Found> {
    fake_cpu::walk(memory, table.config().features(), table.frame(), VirtAddr::new(address))
}

/// The addresses that a flush names.
pub(crate) fn addresses(flush: &Flush<&FakeMemory>) -> Vec<u64> {
    flush.addresses().map(VirtAddr::as_u64).collect()
}
