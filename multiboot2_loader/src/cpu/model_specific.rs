//! Model-specific registers (MSRs) that the loader uses, by number (Intel SDM volume 4).

use x86_64::registers::model_specific::Msr;

use super::features::Features;
use super::registers::{EFER_LONG_MODE_ENABLE, EFER_NO_EXECUTE_ENABLE, PAGE_ATTRIBUTE_TABLE};
use multiboot2_loader_core::page_tables::NoExecute;

/// Address and mode of the local APIC.
pub(crate) const APIC_BASE: u32 = 0x1b;
/// Capabilities of the MTRRs.
pub(crate) const MTRR_CAPABILITIES: u32 = 0xfe;
/// Architectural capabilities of the processor.
pub(crate) const ARCH_CAPABILITIES: u32 = 0x10a;
/// Whether the local APIC may leave x2APIC mode.
pub(crate) const XAPIC_DISABLE_STATUS: u32 = 0xbd;
/// The page attribute table.
const PAT: u32 = 0x277;
/// Default memory type and switches of the memory type range registers.
pub(crate) const MTRR_DEFAULT_TYPE: u32 = 0x2ff;
/// Extended features.
const EFER: u32 = 0xc000_0080;

/// Reads a register.
///
/// # Safety
/// The processor has the register, and reading it has no effect.
pub(crate) unsafe fn read(number: u32) -> u64 {
    // SAFETY: The caller promises that the register exists and that a read is harmless.
    unsafe { Msr::new(number).read() }
}

/// Writes a register.
///
/// # Safety
/// The processor has the register, accepts the value, and the code continues to run with it.
pub(crate) unsafe fn write(number: u32, value: u64) {
    let mut register = Msr::new(number);
    // SAFETY: The caller promises that the register accepts the value and that the code runs with it.
    unsafe { register.write(value) };
}

/// Returns the value of EFER before long mode.
pub(crate) fn extended_features(features: &Features) -> u64 {
    match features.no_execute {
        NoExecute::Enabled => EFER_LONG_MODE_ENABLE | EFER_NO_EXECUTE_ENABLE,
        NoExecute::Absent => EFER_LONG_MODE_ENABLE,
    }
}

/// Sets EFER and the page attribute table to the values that the protocol requires.
pub(crate) fn set_paging_features(features: &Features) {
    // SAFETY: Every 64-bit processor has EFER; long mode stays enabled, and NX is set only if CPUID reports it. No page in use has NX.
    unsafe { write(EFER, extended_features(features)) };
    // SAFETY: Every 64-bit processor has the table. The pages in use select entries 0 and 2, which do not change.
    unsafe { write(PAT, PAGE_ATTRIBUTE_TABLE) };
}
