//! The features of this processor that the loader uses, from CPUID.

use multiboot2_loader_core::page_tables::{LargestPage, NoExecute};
use raw_cpuid::CpuId;

/// CPUID leaf 7, EDX: IA32_ARCH_CAPABILITIES exists.
const ARCH_CAPABILITIES: u32 = 1 << 29;

/// The features.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Features {
    /// Whether there is NX.
    pub(crate) no_execute: NoExecute,
    /// The largest page.
    pub(crate) largest_page: LargestPage,
    /// Number of bits in a physical address.
    pub(crate) physical_address_bits: u8,
    /// Whether there is a local APIC.
    pub(crate) has_local_apic: bool,
    /// Whether the local APIC has the x2APIC mode.
    pub(crate) has_x2apic: bool,
    /// Whether there are memory type range registers.
    pub(crate) has_memory_type_ranges: bool,
    /// Whether IA32_ARCH_CAPABILITIES exists.
    pub(crate) has_arch_capabilities: bool,
}

impl Features {
    /// Reads CPUID.
    pub(crate) fn read() -> Self {
        let cpuid = CpuId::new();
        let basic = cpuid.get_feature_info();
        let has = |flag: fn(&raw_cpuid::FeatureInfo) -> bool| basic.as_ref().is_some_and(flag);
        let extended = cpuid.get_extended_processor_and_feature_identifiers();
        let has_extended =
            |flag: fn(&raw_cpuid::ExtendedProcessorFeatureIdentifiers) -> bool| extended.as_ref().is_some_and(flag);
        Self {
            no_execute: if has_extended(raw_cpuid::ExtendedProcessorFeatureIdentifiers::has_execute_disable) {
                NoExecute::Enabled
            } else {
                NoExecute::Absent
            },
            largest_page: if has_extended(raw_cpuid::ExtendedProcessorFeatureIdentifiers::has_1gib_pages) {
                LargestPage::OneGib
            } else {
                LargestPage::TwoMib
            },
            // The default without this leaf is 36.
            physical_address_bits: cpuid
                .get_processor_capacity_feature_info()
                .map_or(36, |info| info.physical_address_bits()),
            has_local_apic: has(raw_cpuid::FeatureInfo::has_apic),
            has_x2apic: has(raw_cpuid::FeatureInfo::has_x2apic),
            has_memory_type_ranges: has(raw_cpuid::FeatureInfo::has_mtrr),
            // The crate has no method for this bit of leaf 7.
            has_arch_capabilities: cpuid.get_extended_feature_info().is_some()
                && raw_cpuid::cpuid!(7, 0).edx & ARCH_CAPABILITIES != 0,
        }
    }
}
