//! The page tables that this processor uses, read as the processor reads them (Intel SDM vol. 3, section 4.5): no word of the
//! code that built them is believed.

use kernel::boot::hhdm_offset::OffsetMappedPhysAddr;
use x86_64::{
    PhysAddr, VirtAddr,
    registers::control::Cr3,
    structures::paging::{PageTableFlags, page_table::PageTableEntry},
};

/// A table has so many entries.
const ENTRIES: u64 = 512;

/// In the entry of a page of 4 KiB: the highest bit of the number of its place in the PAT.
const PAT_BIT_OF_4KIB_PAGE: u64 = 1 << 7;

/// The same of a larger page's.
const PAT_BIT_OF_LARGE_PAGE: u64 = 1 << 12;

/// A page, and what all levels together allow.
#[derive(Debug, Clone, Copy)]
pub(super) struct MappedPage {
    /// Its first address.
    pub(super) start: VirtAddr,
    /// Where that leads.
    pub(super) physical: PhysAddr,
    /// 4 KiB, 2 MiB or 1 GiB.
    pub(super) size_bytes: u64,
    /// What the levels allow. `GLOBAL` is that of the last one.
    pub(super) flags: PageTableFlags,
    /// The number of its place in the PAT.
    pub(super) pat_place: u8,
}

/// A table, and how it was reached.
#[derive(Clone, Copy)]
struct Table {
    /// Where it lies.
    physical: PhysAddr,
    /// 4 to 1.
    level: u32,
    /// The first address that it is about.
    start: u64,
    /// What the levels above allow.
    flags: PageTableFlags,
}

/// Shows every page to `visit`, in ascending order but for the halves of the address space.
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

/// Shows the pages below a table.
fn visit_table(table: Table, visit: &mut dyn FnMut(MappedPage)) {
    let shift = 12 + 9 * (table.level - 1);
    for index in 0..ENTRIES {
        let address = table.physical.offset_mapped() + index * 8;
        // SAFETY: The processor reads the same word as an entry of a table, and all RAM is in the direct map.
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

/// What two levels allow: writing and user mode if both do, execution if neither forbids it.
fn both(upper: PageTableFlags, lower: PageTableFlags) -> PageTableFlags {
    let allowed = PageTableFlags::WRITABLE | PageTableFlags::USER_ACCESSIBLE;
    let forbidden = PageTableFlags::NO_EXECUTE;
    upper & lower & allowed | (upper | lower) & forbidden | lower & PageTableFlags::GLOBAL
}

/// Puts a page together.
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
