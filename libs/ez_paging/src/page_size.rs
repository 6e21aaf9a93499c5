//! The three page sizes, and which of them a CPU supports.

use core::fmt;

use raw_cpuid::{CpuId, CpuIdReader};
use x86_64::structures::paging::page_table::PageTableLevel;

/// The size of a page or frame. A larger size compares greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PageSize {
    /// 4 KiB: an entry of a level-1 table.
    _4KiB,
    /// 2 MiB: an entry of a level-2 table.
    _2MiB,
    /// 1 GiB: an entry of a level-3 table. Not every CPU has it.
    _1GiB,
}

impl PageSize {
    /// All sizes, the largest first.
    pub const DESCENDING: [Self; 3] = [Self::_1GiB, Self::_2MiB, Self::_4KiB];

    /// Number of bytes; also the alignment.
    pub const fn bytes(self) -> u64 {
        self.level().entry_address_space_alignment()
    }

    pub(crate) const fn level(self) -> PageTableLevel {
        match self {
            Self::_4KiB => PageTableLevel::One,
            Self::_2MiB => PageTableLevel::Two,
            Self::_1GiB => PageTableLevel::Three,
        }
    }

    /// The size of the pages that entries of a table of `level` map. Level 4 maps none.
    pub(crate) const fn at_level(level: PageTableLevel) -> Option<Self> {
        match level {
            PageTableLevel::One => Some(Self::_4KiB),
            PageTableLevel::Two => Some(Self::_2MiB),
            PageTableLevel::Three => Some(Self::_1GiB),
            PageTableLevel::Four => None,
        }
    }
}

impl fmt::Display for PageSize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::_4KiB => "4 KiB",
            Self::_2MiB => "2 MiB",
            Self::_1GiB => "1 GiB",
        })
    }
}

/// The largest page size of a CPU. Every CPU in 64-bit mode supports 2 MiB.
pub fn max_page_size<R: CpuIdReader>(cpuid: &CpuId<R>) -> PageSize {
    let has_1gib_pages = cpuid
        .get_extended_processor_and_feature_identifiers()
        .is_some_and(|identifiers| identifiers.has_1gib_pages());
    if has_1gib_pages {
        PageSize::_1GiB
    } else {
        PageSize::_2MiB
    }
}
