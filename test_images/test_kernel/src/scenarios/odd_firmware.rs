//! Processor states that firmware or a boot loader may leave, but QEMU's do not.

use x86_64::{instructions::port::Port, registers::model_specific::Msr};

/// The MSR IA32_APIC_BASE.
const APIC_BASE_MSR: u32 = 0x1b;

/// Flags in that register: local APIC enabled, x2APIC mode (Intel SDM vol. 3, section 12.12.1).
const ENABLED_IN_EITHER_MODE: u64 = 0b11 << 10;

/// Data ports of the two 8259 interrupt controllers.
const LEGACY_DATA_PORTS: [u16; 2] = [0x21, 0xa1];

/// Unmasks all inputs of the 8259s, and disables the BSP's local APIC.
pub(super) fn leave_bsp_oddly() {
    for port in LEGACY_DATA_PORTS {
        // SAFETY: Interrupts are off until the kernel has set up the controllers.
        unsafe { Port::new(port).write(0_u8) };
    }
    switch_local_apic_off();
}

/// Disables this processor's local APIC in the MSR, which only a reset clears.
pub(super) fn switch_local_apic_off() {
    let mut msr = Msr::new(APIC_BASE_MSR);
    // SAFETY: Every processor with a local APIC has the register, and reading it changes nothing.
    let before = unsafe { msr.read() };
    // SAFETY: Either mode allows the change to "disabled", and no code has used the APIC yet.
    unsafe { msr.write(before & !ENABLED_IN_EITHER_MODE) };
}
