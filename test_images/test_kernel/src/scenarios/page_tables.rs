//! Walks the page tables of this processor, independently of the code that built them (Intel SDM vol. 3, section 4.5).

use kernel::boot::hhdm_offset::OffsetMappedPhysAddr;
use x86_64::{
    PhysAddr, VirtAddr,
    registers::control::Cr3,
    structures::paging::{PageTableFlags, page_table::PageTableEntry},
};

/// Number of entries in a table.
const ENTRIES: u64 = 512;

/// Highest bit of the PAT index, in the entry of a 4 KiB page.
const PAT_BIT_OF_4KIB_PAGE: u64 = 1 << 7;

/// Highest bit of the PAT index, in the entry of a larger page.
const PAT_BIT_OF_LARGE_PAGE: u64 = 1 << 12;

/// A page, and the permissions that all levels combine to.
#[derive(Debug, Clone, Copy)]
pub(super) struct MappedPage {
    /// Virtual address.
    pub(super) start: VirtAddr,
    /// Physical address.
    pub(super) physical: PhysAddr,
    /// 4 KiB, 2 MiB or 1 GiB.
    pub(super) size_bytes: u64,
    /// Permissions of all levels combined, and the `GLOBAL` flag of the last.
    pub(super) flags: PageTableFlags,
    /// PAT index.
    pub(super) pat_place: u8,
}

/// A table, and the path to it.
#[derive(Clone, Copy)]
struct Table {
    /// Physical address.
    physical: PhysAddr,
    /// 4 to 1.
    level: u32,
    /// First virtual address that the table covers.
    start: u64,
    /// Permissions of the levels above.
    flags: PageTableFlags,
}

/// Calls `visit` for every page, by ascending address within each half.
pub(super) fn visit_pages(visit: &mut dyn FnMut(MappedPage)) {
    let (root, _) = Cr3::read();
    let root = Table {
        physical: root.start_address(),
        level: 4,
        start: 0,
        flags: PageTableFlags::WRITABLE | PageTableFlags::USER_ACCESSIBLE,
    };
    visit_table(root, visit);
}

/// Calls `visit` for the pages below a table.
fn visit_table(table: Table, visit: &mut dyn FnMut(MappedPage)) {
    let shift = 12 + 9 * (table.level - 1);
    for index in 0..ENTRIES {
        let address = table.physical.offset_mapped() + index * 8;
        // SAFETY: The processor reads the same word as a page table entry, and the direct map contains all RAM.
        let entry = unsafe { address.as_ptr::<PageTableEntry>().read_volatile() };
        if !entry.flags().contains(PageTableFlags::PRESENT) {
            continue;
        }
        let flags = both(table.flags, entry.flags());
        let start = table.start | index << shift;
        if table.level > 1 && !entry.flags().contains(PageTableFlags::HUGE_PAGE) {
            let below = Table {
                physical: entry.addr(),
                level: table.level - 1,
                start,
                flags,
            };
            visit_table(below, visit);
        } else {
            visit(page(&entry, table.level, start, 1 << shift, flags));
        }
    }
}

/// Combines the flags of two levels: writing and user mode need both, execution needs that neither forbids it.
fn both(upper: PageTableFlags, lower: PageTableFlags) -> PageTableFlags {
    let allowed = PageTableFlags::WRITABLE | PageTableFlags::USER_ACCESSIBLE;
    let forbidden = PageTableFlags::NO_EXECUTE;
    upper & lower & allowed | (upper | lower) & forbidden | lower & PageTableFlags::GLOBAL
}

/// Describes the page of an entry.
fn page(entry: &PageTableEntry, level: u32, start: u64, size_bytes: u64, flags: PageTableFlags) -> MappedPage {
    let bits = entry.flags().bits() | entry.addr().as_u64();
    let pat_bit = if level == 1 {
        PAT_BIT_OF_4KIB_PAGE
    } else {
        PAT_BIT_OF_LARGE_PAGE
    };
    let places = [
        (PageTableFlags::WRITE_THROUGH.bits(), 1),
        (PageTableFlags::NO_CACHE.bits(), 2),
        (pat_bit, 4),
    ];
    let set = places.iter().filter(|(mask, _)| bits & mask != 0);
    MappedPage {
        start: VirtAddr::new_truncate(start),
        physical: entry.addr().align_down(size_bytes),
        size_bytes,
        flags,
        pat_place: set.map(|(_, value)| value).sum(),
    }
}
