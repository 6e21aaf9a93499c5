//! The paging features of a CPU, read from CPUID.

use raw_cpuid::{CpuId, CpuIdReader};
use x86_64::PhysAddr;

use crate::{
    managed_pat::ManagedPat,
    page_size::{PageSize, max_page_size},
};

/// The paging features of a CPU. All CPUs of a machine are assumed to have the same.
///
/// A caller may clear a feature that it does not want to use. Adding one that the CPU lacks sets reserved bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PagingFeatures {
    /// The largest page size.
    pub max_page_size: PageSize,
    /// Whether pages can be made not executable. If so, EFER.NXE must be set before the tables are used.
    pub no_execute: bool,
    /// Whether translations can stay in the TLB when the address space is switched (CR4.PGE).
    pub global_pages: bool,
    /// Number of bits of a physical address; those above are reserved.
    pub physical_address_bits: u8,
    /// The layout of the PAT.
    pub pat: ManagedPat,
}

/// The width of physical addresses on a CPU whose CPUID does not tell it (Intel SDM volume 3, "Physical-Address Width").
const DEFAULT_PHYSICAL_ADDRESS_BITS: u8 = 36;

/// The architecture's limit: an entry has no more bits.
const MAX_PHYSICAL_ADDRESS_BITS: u8 = 52;

impl PagingFeatures {
    /// The features of the CPU that `cpuid` describes.
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

    /// The last physical address, never above the architecture's limit.
    pub(crate) fn last_physical_address(&self) -> PhysAddr {
        let bits = self.physical_address_bits.min(MAX_PHYSICAL_ADDRESS_BITS);
        PhysAddr::new_truncate((1 << bits) - 1)
    }
}
