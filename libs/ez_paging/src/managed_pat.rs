//! The page attribute table (PAT): eight memory types, of which each page selects one by index. This file defines our table.
//!
//! Intel SDM volume 3, "Page Attribute Table (PAT)". Indexes 0 to 3 keep their values of power-on (write-back, write-through,
//! UC-, UC), because entries that ignore the PAT select these, entries that lead to page tables included. Write-combining has
//! index 5, as in the Limine boot protocol. So setting the register does not change the frame buffer's type while the boot
//! loader's page tables are in use.

use raw_cpuid::{CpuId, CpuIdReader};
use x86_64::structures::paging::PageTableFlags;

use crate::page_size::PageSize;

/// How the CPU caches a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PatMemoryType {
    /// Reads and writes are cached. For RAM.
    WriteBack,
    /// Reads are cached, writes go to memory at once.
    WriteThrough,
    /// Not cached, but writes are combined into bursts. For a frame buffer. [`Self::UncachedMinus`] without a PAT.
    WriteCombining,
    /// Not cached, unless an MTRR selects write-combining ("UC-").
    UncachedMinus,
    /// Never cached ("UC"). For device registers.
    StrongUncacheable,
}

/// Our PAT; on a CPU without one, the four memory types that it always has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManagedPat {
    is_present: bool,
}

/// The value of the register: from index 7 down UC, UC-, WC, WB, and UC, UC-, WT, WB as at power-on.
const MSR_VALUE: u64 = 0x0007_0106_0007_0406;

/// Bit 2 of the index in the entry of a 4 KiB page. (Larger pages have their size bit here.)
const INDEX_BIT_2_OF_4KIB_PAGE: u64 = 1 << 7;

/// Bit 2 of the index in the entry of a larger page.
const INDEX_BIT_2_OF_LARGE_PAGE: u64 = 1 << 12;

impl ManagedPat {
    /// The PAT of the CPU that `cpuid` describes.
    pub fn new<R: CpuIdReader>(cpuid: &CpuId<R>) -> Self {
        let is_present = cpuid.get_feature_info().is_some_and(|features| features.has_pat());
        Self { is_present }
    }

    /// The value that every CPU must write to IA32_PAT (MSR 0x277) before it uses our page tables. `None` without a PAT.
    pub const fn msr_value(self) -> Option<u64> {
        if self.is_present { Some(MSR_VALUE) } else { None }
    }

    /// The bits that select `memory_type` in the entry of a page of `size`. They can include bit 12, which has no name in
    /// `PageTableFlags`.
    pub const fn flags_for(self, memory_type: PatMemoryType, size: PageSize) -> PageTableFlags {
        let index = self.index_of(memory_type);
        let mut bits = 0;
        if index & 1 != 0 {
            bits |= PageTableFlags::WRITE_THROUGH.bits();
        }
        if index & 2 != 0 {
            bits |= PageTableFlags::NO_CACHE.bits();
        }
        if index & 4 != 0 {
            bits |= Self::index_bit_2(size);
        }
        PageTableFlags::from_bits_retain(bits)
    }

    /// The memory type that these bits of an entry select: the inverse of [`Self::flags_for`].
    pub(crate) const fn memory_type_of(entry_bits: u64, size: PageSize) -> PatMemoryType {
        let write_through = entry_bits & PageTableFlags::WRITE_THROUGH.bits() != 0;
        let no_cache = entry_bits & PageTableFlags::NO_CACHE.bits() != 0;
        let index_bit_2 = entry_bits & Self::index_bit_2(size) != 0;
        match (index_bit_2, no_cache, write_through) {
            (true, false, true) => PatMemoryType::WriteCombining,
            (_, false, false) => PatMemoryType::WriteBack,
            (false, false, true) => PatMemoryType::WriteThrough,
            (_, true, false) => PatMemoryType::UncachedMinus,
            (_, true, true) => PatMemoryType::StrongUncacheable,
        }
    }

    const fn index_of(self, memory_type: PatMemoryType) -> u8 {
        match memory_type {
            PatMemoryType::WriteBack => 0,
            PatMemoryType::WriteThrough => 1,
            PatMemoryType::UncachedMinus => 2,
            PatMemoryType::StrongUncacheable => 3,
            PatMemoryType::WriteCombining if self.is_present => 5,
            // Without a PAT, the bit for indexes above 3 is reserved.
            PatMemoryType::WriteCombining => 2,
        }
    }

    /// Bit 2 of the index in the entry of a page of `size`.
    const fn index_bit_2(size: PageSize) -> u64 {
        match size {
            PageSize::_4KiB => INDEX_BIT_2_OF_4KIB_PAGE,
            PageSize::_2MiB | PageSize::_1GiB => INDEX_BIT_2_OF_LARGE_PAGE,
        }
    }
}
