//! The page attribute table (PAT): eight places that a page can choose its memory type from, and how we fill them.
//!
//! Intel SDM volume 3, "Page Attribute Table (PAT)". Places 0 to 3 keep what they are at power-on (write-back,
//! write-through, UC-, UC), because they are what a mapping that knows nothing of the PAT means, ours of page tables
//! included. Write-combining goes to place 5, where the Limine boot protocol has it too: setting the register while the
//! boot loader's page tables are in use does not change the frame buffer's type.

use raw_cpuid::{CpuId, CpuIdReader};
use x86_64::structures::paging::PageTableFlags;

use crate::page_size::PageSize;

/// How the CPU caches a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PatMemoryType {
    /// Cached fully: RAM.
    WriteBack,
    /// Reads are cached, writes go through.
    WriteThrough,
    /// Not cached, but writes are gathered into bursts: a frame buffer. [`Self::UncachedMinus`] without a PAT.
    WriteCombining,
    /// Not cached, unless the MTRRs say write-combining ("UC-").
    UncachedMinus,
    /// Not cached, whatever the MTRRs say ("UC"): device registers.
    StrongUncacheable,
}

/// The choice of what lies in which place of the PAT; on a CPU without one, the four types that it always has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManagedPat {
    /// Whether the CPU has a PAT.
    is_present: bool,
}

/// What the register is set to: from place 7 down UC, UC-, WC, WB, and UC, UC-, WT, WB as at power-on.
const MSR_VALUE: u64 = 0x0007_0106_0007_0406;

/// The bit of a 4 KiB page's entry that stands for 4 in the number of the place. (Larger pages have their size bit here.)
const PLACE_BIT_2_OF_4KIB_PAGE: u64 = 1 << 7;

/// The same of a larger page's entry.
const PLACE_BIT_2_OF_LARGE_PAGE: u64 = 1 << 12;

impl ManagedPat {
    /// The choice for the CPU that `cpuid` describes.
    pub fn new<R: CpuIdReader>(cpuid: &CpuId<R>) -> Self {
        let is_present = cpuid.get_feature_info().is_some_and(|features| features.has_pat());
        Self { is_present }
    }

    /// What every CPU writes to IA32_PAT (MSR 0x277) before it uses our page tables; nothing where there is no PAT.
    pub const fn msr_value(self) -> Option<u64> {
        if self.is_present { Some(MSR_VALUE) } else { None }
    }

    /// The bits that give a page of `size` its memory type. Bit 12 has no name in `PageTableFlags`, but is in the result
    /// where it belongs.
    pub const fn flags_for(self, memory_type: PatMemoryType, size: PageSize) -> PageTableFlags {
        let place = self.place_of(memory_type);
        let mut bits = 0;
        if place & 1 != 0 {
            bits |= PageTableFlags::WRITE_THROUGH.bits();
        }
        if place & 2 != 0 {
            bits |= PageTableFlags::NO_CACHE.bits();
        }
        if place & 4 != 0 {
            bits |= Self::place_bit_2(size);
        }
        PageTableFlags::from_bits_retain(bits)
    }

    /// The memory type that an entry of ours with these bits has, the other way round from [`Self::flags_for`].
    pub(crate) const fn memory_type_of(entry_bits: u64, size: PageSize) -> PatMemoryType {
        let write_through = entry_bits & PageTableFlags::WRITE_THROUGH.bits() != 0;
        let no_cache = entry_bits & PageTableFlags::NO_CACHE.bits() != 0;
        let place_bit_2 = entry_bits & Self::place_bit_2(size) != 0;
        match (place_bit_2, no_cache, write_through) {
            (true, false, true) => PatMemoryType::WriteCombining,
            (_, false, false) => PatMemoryType::WriteBack,
            (false, false, true) => PatMemoryType::WriteThrough,
            (_, true, false) => PatMemoryType::UncachedMinus,
            (_, true, true) => PatMemoryType::StrongUncacheable,
        }
    }

    /// The place from which a page chooses `memory_type`.
    const fn place_of(self, memory_type: PatMemoryType) -> u8 {
        match memory_type {
            PatMemoryType::WriteBack => 0,
            PatMemoryType::WriteThrough => 1,
            PatMemoryType::UncachedMinus => 2,
            PatMemoryType::StrongUncacheable => 3,
            PatMemoryType::WriteCombining if self.is_present => 5,
            // The bit for places above 3 is reserved without a PAT.
            PatMemoryType::WriteCombining => 2,
        }
    }

    /// Which bit of an entry stands for 4 in the number of the place.
    const fn place_bit_2(size: PageSize) -> u64 {
        match size {
            PageSize::_4KiB => PLACE_BIT_2_OF_4KIB_PAGE,
            PageSize::_2MiB | PageSize::_1GiB => PLACE_BIT_2_OF_LARGE_PAGE,
        }
    }
}
