//! One entry of a page table: eight bytes that are empty, or lead to the next table, or map a page.
//!
//! An entry that leads to a table also counts that table's entries in use, in bits 52 to 61, which the CPU ignores there
//! (Intel SDM volume 3, "4-Level Paging and 5-Level Paging"; AMD64 manual volume 2, "Long-Mode Page Translation"). Without
//! the count, every unmap would have to read 512 entries to know whether the table is empty.

use x86_64::{
    PhysAddr,
    structures::paging::{PageTableFlags, PhysFrame, page_table::PageTableLevel},
};

use crate::{block::Frame, half::Half, page_size::PageSize};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry(u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Not present.
    Empty,
    Table {
        frame: PhysFrame,
        /// Number of the table's entries in use.
        used: u16,
    },
    /// It maps a page.
    Leaf(Frame),
}

const ADDRESS_MASK: u64 = 0x000f_ffff_ffff_f000;

/// The lowest bit of the count of entries in use.
const USED_SHIFT: u32 = 52;

/// The bits of that count.
const USED_MASK: u64 = 0x3ff << USED_SHIFT;

/// Added to an entry to count one more.
pub(crate) const ONE_USED: u64 = 1 << USED_SHIFT;

impl Entry {
    pub(crate) const EMPTY: Self = Self(0);

    /// An entry that leads to an empty table. It permits every access: the entry of each page restricts it.
    #[inline]
    pub(crate) fn table(frame: PhysFrame, half: Half) -> Self {
        let flags = match half {
            Half::Lower => PageTableFlags::PRESENT | PageTableFlags::WRITABLE | PageTableFlags::USER_ACCESSIBLE,
            Half::Higher => PageTableFlags::PRESENT | PageTableFlags::WRITABLE,
        };
        Self(frame.start_address().as_u64() | flags.bits())
    }

    /// An entry that maps `frame`; `flags` are complete except for the size.
    #[inline]
    pub(crate) fn leaf(frame: Frame, flags: PageTableFlags) -> Self {
        let size_flag = match frame.size() {
            PageSize::_4KiB => PageTableFlags::empty(),
            PageSize::_2MiB | PageSize::_1GiB => PageTableFlags::HUGE_PAGE,
        };
        Self(frame.start().as_u64() | flags.bits() | size_flag.bits())
    }

    #[inline]
    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    #[inline]
    pub(crate) const fn bits(self) -> u64 {
        self.0
    }

    /// The entry's bits without the address. If it leads to a table, they include the count.
    #[inline]
    pub(crate) const fn flags(self) -> PageTableFlags {
        PageTableFlags::from_bits_retain(self.0 & !ADDRESS_MASK)
    }

    /// The same entry without the count, for a table that does not count.
    #[inline]
    pub(crate) const fn without_count(self) -> Self {
        Self(self.0 & !USED_MASK)
    }

    /// The table to which the entry leads, if it does. The entry is not in a table of level 1.
    #[inline]
    pub(crate) fn lower_table(self) -> Option<PhysFrame> {
        let is_table = self.flags() & (PageTableFlags::PRESENT | PageTableFlags::HUGE_PAGE) == PageTableFlags::PRESENT;
        is_table.then(|| PhysFrame::containing_address(PhysAddr::new_truncate(self.0 & ADDRESS_MASK)))
    }

    #[inline]
    pub(crate) fn content(self, level: PageTableLevel) -> Content {
        if !self.flags().contains(PageTableFlags::PRESENT) {
            return Content::Empty;
        }
        let address = PhysAddr::new_truncate(self.0 & ADDRESS_MASK);
        let is_leaf = level == PageTableLevel::One || self.flags().contains(PageTableFlags::HUGE_PAGE);
        match PageSize::at_level(level) {
            // `containing` cuts off a bit of the memory type, which lies below the address of a large page.
            Some(size) if is_leaf => Content::Leaf(Frame::containing(address, size)),
            _ => Content::Table {
                frame: PhysFrame::containing_address(address),
                used: self.used(),
            },
        }
    }

    /// Number of entries in use in the table to which the entry leads.
    const fn used(self) -> u16 {
        ((self.0 & USED_MASK) >> USED_SHIFT) as u16
    }
}
