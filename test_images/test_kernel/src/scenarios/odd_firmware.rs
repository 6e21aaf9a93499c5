//! What no firmware or boot loader of the tests leaves behind, but some other may.

use x86_64::{instructions::port::Port, registers::model_specific::Msr};

/// IA32_APIC_BASE.
const APIC_BASE_MSR: u32 = 0x1b;

/// In it: the local APIC is on, and in x2APIC mode (Intel SDM vol. 3, section 12.12.1).
const ENABLED_IN_EITHER_MODE: u64 = 0b11 << 10;

/// The data ports of the two 8259s.
const LEGACY_DATA_PORTS: [u16; 2] = [0x21, 0xa1];

/// Unmasks all lines of the 8259s, and switches the BSP's local APIC off.
pub(super) fn leave_bsp_oddly() {
    for port in LEGACY_DATA_PORTS {
        // SAFETY: Interrupts are off until the kernel has dealt with the controllers.
        unsafe { Port::new(port).write(0_u8) };
    }
    switch_local_apic_off();
}

/// Switches this processor's local APIC off, by the register that survives all but a reset.
pub(super) fn switch_local_apic_off() {
    let mut msr = Msr::new(APIC_BASE_MSR);
    // SAFETY: Every processor with a local APIC has the register, and reading it changes nothing.
    let before = unsafe { msr.read() };
    // SAFETY: "Off" can be reached from either mode, and nobody has used the APIC yet.
    unsafe { msr.write(before & !ENABLED_IN_EITHER_MODE) };
}
