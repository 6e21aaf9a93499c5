//! CPUs for the tests, and the features read from their CPUID.

use ez_paging::{PageSize, PagingFeatures, max_page_size};
use raw_cpuid::{CpuId, CpuIdReader, CpuIdResult};

/// CPUID of a CPU that does not exist.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FakeCpuId {
    /// EDX of leaf 1: bit 13 PGE, bit 16 PAT.
    pub(crate) leaf_1_edx: u32,
    /// EDX of leaf 0x8000_0001: bit 20 NX, bit 26 pages of 1 GiB.
    pub(crate) extended_edx: u32,
    /// EAX of leaf 0x8000_0008, if it has that leaf.
    pub(crate) address_sizes: Option<u32>,
}

impl CpuIdReader for FakeCpuId {
    fn cpuid2(&self, eax: u32, _: u32) -> CpuIdResult {
        let mut result = CpuIdResult {
            eax: 0,
            ebx: 0,
            ecx: 0,
            edx: 0,
        };
        match eax {
            0 => result.eax = 1,
            1 => result.edx = self.leaf_1_edx,
            0x8000_0000 => {
                result.eax = if self.address_sizes.is_some() {
                    0x8000_0008
                } else {
                    0x8000_0001
                }
            }
            0x8000_0001 => result.edx = self.extended_edx,
            0x8000_0008 => result.eax = self.address_sizes.unwrap_or(0),
            _ => {}
        }
        result
    }
}

/// A CPU with all features, and physical addresses of 40 bits.
pub(crate) const RICH: FakeCpuId = FakeCpuId {
    leaf_1_edx: 1 << 13 | 1 << 16,
    extended_edx: 1 << 20 | 1 << 26,
    address_sizes: Some(40),
};

/// A CPU without optional features.
pub(crate) const POOR: FakeCpuId = FakeCpuId {
    leaf_1_edx: 0,
    extended_edx: 0,
    address_sizes: None,
};

/// The features read from `cpuid`.
pub(crate) fn features_of(cpuid: FakeCpuId) -> PagingFeatures {
    PagingFeatures::new(&CpuId::with_cpuid_reader(cpuid))
}

#[test]
fn reads_everything_that_a_cpu_has() {
    let features = features_of(RICH);
    assert_eq!(features.max_page_size, PageSize::_1GiB);
    assert!(features.no_execute);
    assert!(features.global_pages);
    assert_eq!(features.physical_address_bits, 40);
    assert!(features.pat.msr_value().is_some());
}

#[test]
fn expects_nothing_of_a_cpu_that_says_nothing() {
    let features = features_of(POOR);
    assert_eq!(features.max_page_size, PageSize::_2MiB);
    assert!(!features.no_execute);
    assert!(!features.global_pages);
    assert_eq!(features.physical_address_bits, 36);
    assert_eq!(features.pat.msr_value(), None);
}

#[test]
fn max_page_size_is_1_gib_only_by_its_own_bit() {
    let all_but_it = FakeCpuId {
        extended_edx: !(1 << 26),
        ..RICH
    };
    assert_eq!(max_page_size(&CpuId::with_cpuid_reader(all_but_it)), PageSize::_2MiB);
    assert_eq!(max_page_size(&CpuId::with_cpuid_reader(RICH)), PageSize::_1GiB);
}

#[test]
fn believes_no_more_than_52_bits_of_physical_addresses() {
    let boaster = FakeCpuId {
        address_sizes: Some(0xff),
        ..RICH
    };
    assert_eq!(features_of(boaster).physical_address_bits, 52);
}
