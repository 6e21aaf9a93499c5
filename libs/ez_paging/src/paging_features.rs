//! What of paging a CPU has, read from CPUID once.

use raw_cpuid::{CpuId, CpuIdReader};
use x86_64::PhysAddr;

use crate::{
    managed_pat::ManagedPat,
    page_size::{PageSize, max_page_size},
};

/// What of paging a CPU has. All CPUs of a machine are taken to be alike.
///
/// A caller can take something away that it does not want to use, but adding what the CPU lacks sets reserved bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PagingFeatures {
    /// The largest pages.
    pub max_page_size: PageSize,
    /// Whether pages can be made not executable (EFER.NXE is then to be set before the tables are used).
    pub no_execute: bool,
    /// Whether pages can outlive a switch of address spaces in the CPU's cache of translations (CR4.PGE).
    pub global_pages: bool,
    /// How many bits a physical address has; those above are reserved.
    pub physical_address_bits: u8,
    /// Where the memory types are.
    pub pat: ManagedPat,
}

/// What a CPU has that does not say how many bits its physical addresses have (Intel SDM volume 3, "Physical-Address
/// Width").
const DEFAULT_PHYSICAL_ADDRESS_BITS: u8 = 36;

/// The architecture's limit: more does not fit an entry.
const MAX_PHYSICAL_ADDRESS_BITS: u8 = 52;

impl PagingFeatures {
    /// What the CPU that `cpuid` describes has.
    pub fn new<R: CpuIdReader>(cpuid: &CpuId<R>) -> Self {
        let physical_address_bits = cpuid
            .get_processor_capacity_feature_info()
            .map_or(DEFAULT_PHYSICAL_ADDRESS_BITS, |info| info.physical_address_bits());
        Self {
            max_page_size: max_page_size(cpuid),
            no_execute: cpuid
                .get_extended_processor_and_feature_identifiers()
                .is_some_and(|identifiers| identifiers.has_execute_disable()),
            global_pages: cpuid.get_feature_info().is_some_and(|features| features.has_pge()),
            physical_address_bits: physical_address_bits.min(MAX_PHYSICAL_ADDRESS_BITS),
            pat: ManagedPat::new(cpuid),
        }
    }

    /// The last address that physical memory can have. The architecture's limit holds whatever the field says.
    pub(crate) fn last_physical_address(&self) -> PhysAddr {
        let bits = self.physical_address_bits.min(MAX_PHYSICAL_ADDRESS_BITS);
        PhysAddr::new_truncate((1 << bits) - 1)
    }
}
