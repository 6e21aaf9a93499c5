//! The fourth gigabyte of physical memory, uncached, at an address of our own: interrupt controllers lie there, and
//! the direct map of base revision 6 does not hold them.

use super::page_tables::PageTables;
use core::cell::UnsafeCell;

/// Entry of the level-4 table that the window takes.
const LEVEL_4_INDEX: u64 = 0x1f0;
/// First virtual address of that entry.
const WINDOW_START: u64 = 0xffff_0000_0000_0000 | LEVEL_4_INDEX << 39;
/// First physical address of the window.
const PHYSICAL_START: u64 = 0xc000_0000;
/// Bytes in the window.
const SIZE_BYTES: u64 = 0x4000_0000;
/// Present, writable.
const TABLE_FLAGS: u64 = 0b11;
/// Present, writable, uncached, 2 MiB.
const PAGE_FLAGS: u64 = 0b1001_1011;

/// One page table.
#[repr(C, align(4096))]
struct Table(UnsafeCell<[u64; 512]>);

// SAFETY: only `MmioWindow::map` writes it, which runs once, on one processor.
unsafe impl Sync for Table {}

/// Names the table of level 2.
static LEVEL_3: Table = Table(UnsafeCell::new([0; 512]));
/// Names the 512 pages of 2 MiB.
static LEVEL_2: Table = Table(UnsafeCell::new([0; 512]));

/// Proof that the window is mapped.
#[derive(Clone, Copy)]
pub(super) struct MmioWindow(());

impl MmioWindow {
    /// Maps the window in the tables that `cr3` names, for every processor that uses them.
    pub(super) fn map(cr3: u64, hhdm_offset: u64) -> Self {
        let page_tables = PageTables::new(cr3, hhdm_offset);
        let frame_of = |table: &Table| {
            let page = page_tables
                .translate(table.0.get() as u64)
                .expect("this kernel's data is mapped: it runs");
            page.physical_address + (table.0.get() as u64 - page.virtual_address)
        };
        let pages: [u64; 512] = core::array::from_fn(|index| (PHYSICAL_START + ((index as u64) << 21)) | PAGE_FLAGS);
        // SAFETY: the table is not in use yet, and only this function writes it.
        unsafe { LEVEL_2.0.get().write_volatile(pages) };
        let mut tables = [0; 512];
        tables[0] = frame_of(&LEVEL_2) | TABLE_FLAGS;
        // SAFETY: as above.
        unsafe { LEVEL_3.0.get().write_volatile(tables) };
        let level_4_entry = hhdm_offset + (cr3 & !0xfff) + LEVEL_4_INDEX * 8;
        // SAFETY: the entry lies in the level-4 table, seen through the direct map; `page_table_layout` reports any
        // page outside the direct map and the kernel, so nothing is lost that somebody relies on.
        unsafe { (level_4_entry as *mut u64).write_volatile(frame_of(&LEVEL_3) | TABLE_FLAGS) };
        Self(())
    }

    /// Reads a register at a physical address, when the window holds it.
    pub(super) fn read(&self, physical_address: u64) -> Option<u32> {
        let address = virtual_address(physical_address)?;
        // SAFETY: the window maps the address uncached, and the callers read registers without side effects.
        Some(unsafe { (address as *const u32).read_volatile() })
    }

    /// Writes a register at a physical address, when the window holds it.
    ///
    /// # Safety
    /// The register must be one whose change harms nothing.
    pub(super) unsafe fn write(&self, physical_address: u64, value: u32) -> Option<()> {
        let address = virtual_address(physical_address)?;
        // SAFETY: the window maps the address uncached; the caller vouches for the register.
        unsafe { (address as *mut u32).write_volatile(value) };
        Some(())
    }
}

/// Where the window shows a physical address.
fn virtual_address(physical_address: u64) -> Option<u64> {
    let offset = physical_address.checked_sub(PHYSICAL_START)?;
    (offset < SIZE_BYTES && offset % 4 == 0).then_some(WINDOW_START + offset)
}
