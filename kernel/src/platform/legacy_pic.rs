//! The two 8259 interrupt controllers: remapped away from the exceptions' vectors, and masked permanently.

use crate::cpu::interrupt_vector::LEGACY_FIRST_VECTOR;
use x86_64::instructions::port::Port;

/// Begins the initialisation with ICW4 (8259A data sheet, ICW1).
const BEGIN: u8 = 0x11;

/// The mode of PCs (ICW4).
const MODE_8086: u8 = 0x01;

/// All lines masked (OCW1).
const ALL_MASKED: u8 = 0xff;

const LINES: u8 = 8;

struct Controller {
    /// The data port is the next one.
    command_port: u16,
    first_vector: u8,
    /// ICW3. First controller: a bit for the line of the second; second controller: the number of that line.
    wiring: u8,
}

const CONTROLLERS: [Controller; 2] = [
    Controller {
        command_port: 0x20,
        first_vector: LEGACY_FIRST_VECTOR,
        wiring: 1 << 2,
    },
    Controller {
        command_port: 0xa0,
        first_vector: LEGACY_FIRST_VECTOR + LINES,
        wiring: 2,
    },
];

/// Remaps and masks both controllers.
pub fn disable() {
    for controller in CONTROLLERS {
        let data_port = controller.command_port + 1;
        let words = [
            (controller.command_port, BEGIN),
            (data_port, controller.first_vector),
            (data_port, controller.wiring),
            (data_port, MODE_8086),
            (data_port, ALL_MASKED),
        ];
        for (port, word) in words {
            // SAFETY: The ports are the controllers' on every PC, or no device's. The words are a complete initialisation, after
            // which all lines are masked.
            unsafe { Port::new(port).write(word) };
        }
    }
}
