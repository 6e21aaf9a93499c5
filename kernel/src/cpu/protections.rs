//! Processor features that protect the kernel from programs and from its own errors. Those that exist are enabled.
//!
//! - NX: data pages are not executable.
//! - WP: the kernel cannot write to read-only pages.
//! - SMEP: the kernel cannot execute pages of programs.
//! - SMAP: the kernel can access pages of programs only between `stac` and `clac`.
//! - UMIP: programs cannot read the addresses of descriptor tables.

use core::fmt;
use raw_cpuid::{CpuId, CpuIdReaderNative};
use x86_64::registers::{
    control::{Cr0, Cr0Flags, Cr4, Cr4Flags, Efer, EferFlags},
    model_specific::Msr,
};

/// IA32_ARCH_CAPABILITIES (Intel SDM vol. 4, table 2-2).
const ARCH_CAPABILITIES_MSR: u32 = 0x10a;

/// In [`ARCH_CAPABILITIES_MSR`]: the processor is not vulnerable to rogue data cache loads ("Meltdown").
const RDCL_NO: u64 = 1 << 0;

/// The protections that the processor has; all of them are enabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Protections {
    pub no_execute: bool,
    pub smep: bool,
    pub smap: bool,
    pub umip: bool,
}

impl Protections {
    /// Enables what the current processor has, and returns it.
    pub fn switch_on() -> Self {
        let cpuid = CpuId::new();
        let found = Self::of(&cpuid);
        let wanted = [
            (found.smep, Cr4Flags::SUPERVISOR_MODE_EXECUTION_PROTECTION),
            (found.smap, Cr4Flags::SUPERVISOR_MODE_ACCESS_PREVENTION),
            (found.umip, Cr4Flags::USER_MODE_INSTRUCTION_PREVENTION),
        ];
        let cr4 = wanted
            .iter()
            .filter(|(is_there, _)| *is_there)
            .fold(Cr4::read(), |flags, (_, flag)| flags | *flag);
        // SAFETY: CPUID reports each of these bits; the kernel neither executes nor accesses pages of programs here.
        unsafe { Cr4::write(cr4) };
        // SAFETY: The kernel's data pages are mapped writable; it never writes to read-only pages.
        unsafe { Cr0::update(|flags| flags.insert(Cr0Flags::WRITE_PROTECT)) };
        if found.no_execute {
            // SAFETY: CPUID reports the bit, and the current page tables set NX on data only.
            unsafe { Efer::update(|flags| flags.insert(EferFlags::NO_EXECUTE_ENABLE)) };
        }
        found
    }

    fn of(cpuid: &CpuId<CpuIdReaderNative>) -> Self {
        let extended = cpuid.get_extended_feature_info();
        let has = |ask: fn(&raw_cpuid::ExtendedFeatures) -> bool| extended.as_ref().is_some_and(ask);
        Self {
            no_execute: has_no_execute(cpuid),
            smep: has(raw_cpuid::ExtendedFeatures::has_smep),
            smap: has(raw_cpuid::ExtendedFeatures::has_smap),
            umip: has(raw_cpuid::ExtendedFeatures::has_umip),
        }
    }
}

impl fmt::Display for Protections {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |is_there| if is_there { "on" } else { "absent" };
        let Self {
            no_execute,
            smep,
            smap,
            umip,
        } = *self;
        let words = [word(no_execute), word(smep), word(smap), word(umip)];
        let [no_execute, smep, smap, umip] = words;
        write!(
            formatter,
            "NX {no_execute}, WP on, SMEP {smep}, SMAP {smap}, UMIP {umip}"
        )
    }
}

fn has_no_execute(cpuid: &CpuId<CpuIdReaderNative>) -> bool {
    let identifiers = cpuid.get_extended_processor_and_feature_identifiers();
    identifiers.is_some_and(|identifiers| identifiers.has_execute_disable())
}

/// Warns if programs may be able to read kernel memory through a side channel of this processor ("Meltdown"). AMD processors are
/// not vulnerable; Intel processors report RDCL_NO when they are not.
pub fn warn_of_leaks() {
    if may_leak_kernel_memory(&CpuId::new()) {
        log::warn!(
            "Programs may read the kernel's memory by side channels of this processor (no RDCL_NO): run only programs that you trust"
        );
    }
}

fn may_leak_kernel_memory(cpuid: &CpuId<CpuIdReaderNative>) -> bool {
    let vendor = cpuid.get_vendor_info();
    let is_amd = vendor.is_some_and(|vendor| matches!(vendor.as_str(), "AuthenticAMD" | "HygonGenuine"));
    !is_amd && !(has_arch_capabilities() && arch_capabilities() & RDCL_NO != 0)
}

/// Whether [`ARCH_CAPABILITIES_MSR`] exists (Intel SDM vol. 2, CPUID leaf 7).
fn has_arch_capabilities() -> bool {
    const LEAF: u32 = 7;
    core::arch::x86_64::__cpuid(0).eax >= LEAF && core::arch::x86_64::__cpuid_count(LEAF, 0).edx & (1 << 29) != 0
}

fn arch_capabilities() -> u64 {
    // SAFETY: Called only where CPUID reports the MSR; reading it has no side effect.
    unsafe { Msr::new(ARCH_CAPABILITIES_MSR).read() }
}
