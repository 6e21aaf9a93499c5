//! Model-specific registers (MSRs) that the loader uses, by number (Intel SDM volume 4).

use x86_64::registers::model_specific::Msr;

use super::features::Features;
use super::registers::{EFER_LONG_MODE_ENABLE, EFER_NO_EXECUTE_ENABLE, PAGE_ATTRIBUTE_TABLE};
use multiboot2_loader_core::page_tables::NoExecute;

/// Where the local APIC is and in which mode.
pub(crate) const APIC_BASE: u32 = 0x1b;
/// What memory type range registers there are.
pub(crate) const MTRR_CAPABILITIES: u32 = 0xfe;
/// What a processor promises about itself.
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
    // SAFETY: The caller promises that the register exists and that reading it is harmless.
    unsafe { Msr::new(number).read() }
}

/// Writes a register.
///
/// # Safety
/// The processor has the register, takes the value, and the code goes on to run with it.
pub(crate) unsafe fn write(number: u32, value: u64) {
    let mut register = Msr::new(number);
    // SAFETY: The caller promises that the register takes the value and that the code stands it.
    unsafe { register.write(value) };
}

/// What goes into EFER before long mode.
pub(crate) fn extended_features(features: &Features) -> u64 {
    match features.no_execute {
        NoExecute::Enabled => EFER_LONG_MODE_ENABLE | EFER_NO_EXECUTE_ENABLE,
        NoExecute::Absent => EFER_LONG_MODE_ENABLE,
    }
}

/// Sets EFER and the page attribute table as the kernel shall find them.
pub(crate) fn set_paging_features(features: &Features) {
    // SAFETY: Every 64-bit processor has EFER; long mode stays on, and the bit for "no execute" is only set where CPUID
    // has it. No page in use forbids execution.
    unsafe { write(EFER, extended_features(features)) };
    // SAFETY: Every 64-bit processor has the table. The pages in use select entries 0 and 2, which stay as they were.
    unsafe { write(PAT, PAGE_ATTRIBUTE_TABLE) };
}
