//! Sets the interrupt controllers to the state that the protocol requires: everything is masked.

pub(crate) mod io_apic;
pub(crate) mod local_apic;

use crate::ports::{self, PIC_MASKS};

/// Delivery mode of an interrupt: three bits with the same meaning in local APICs and I/O APICs.
const DELIVERY_MODE_SHIFT: u32 = 8;
/// Fixed vector.
const FIXED: u32 = 0;
/// Fixed vector, lowest priority.
const LOWEST_PRIORITY: u32 = 1;
/// Non-maskable interrupt.
const NON_MASKABLE: u32 = 4;
/// Vector from an 8259 controller.
const EXTERNAL: u32 = 7;
/// Masked; the same bit in local APICs and I/O APICs.
const MASKED: u32 = 1 << 16;

/// Masks all inputs of the two 8259 controllers.
pub(crate) fn mask_legacy_controllers() {
    for mask in PIC_MASKS {
        ports::write(mask, 0xff);
    }
}

/// Masks an entry, unless its mode belongs to the firmware: system management interrupts, INIT, reserved modes.
fn masked_unless_firmware_s(entry: u32) -> u32 {
    match entry >> DELIVERY_MODE_SHIFT & 0b111 {
        FIXED | LOWEST_PRIORITY | NON_MASKABLE | EXTERNAL => entry | MASKED,
        _ => entry,
    }
}
