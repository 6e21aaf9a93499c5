//! The two 8259 interrupt controllers of the first PCs: moved out of the way of the exceptions, and masked for good.

use crate::cpu::interrupt_vector::LEGACY_FIRST_VECTOR;
use x86_64::instructions::port::Port;

/// Begin the initialisation, with a fourth word to come (8259A data sheet, ICW1).
const BEGIN: u8 = 0x11;

/// The mode of PCs (ICW4).
const MODE_8086: u8 = 0x01;

/// All lines masked (OCW1).
const ALL_MASKED: u8 = 0xff;

/// Lines of a controller.
const LINES: u8 = 8;

/// One of the two: the port for commands, which the port for data follows, its first vector, and how it is wired to the other
/// (ICW3).
struct Controller {
    /// The port for commands.
    command_port: u16,
    /// The vector of its first line.
    first_vector: u8,
    /// For the first: a bit for the line of the second; for the second: that line's number.
    wiring: u8,
}

/// Both.
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

/// Moves and masks both.
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
            // SAFETY: The ports are the controllers' on every PC, and the words are an initialisation from beginning to end,
            // after which all lines are masked. Where there are none, nobody listens.
            unsafe { Port::new(port).write(word) };
        }
    }
}
