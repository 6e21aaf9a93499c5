//! COM1, the first serial port.
//!
//! Nothing here waits for ever: where the port is missing or stuck, its output is lost and the kernel goes on.

use core::fmt::{self, Write};
use core::hint;
use uart_16550::{BaudRate, Config, Uart16550, backend::PioBackend};
use x86_64::instructions::port::{Port, PortReadOnly};

/// The I/O port of COM1's first register.
const COM1: u16 = 0x3f8;

/// Offset of the line status register (16550 data sheet, section 8).
const LINE_STATUS: u16 = 5;

/// In the line status register: the port has nothing left to send but the byte that is on its way.
const TRANSMITTER_HOLDING_EMPTY: u8 = 1 << 5;

/// In the line status register: everything written has left.
const TRANSMITTER_EMPTY: u8 = 1 << 6;

/// Bytes that the queue of a 16550 holds.
const FIFO_SIZE: u8 = 16;

/// How often a status bit is looked at before the port counts as stuck. A look takes about a microsecond on a real
/// machine, and a byte at 115,200 baud about 87; a terminal that holds the line back gets some seconds.
const MAX_LOOKS: u32 = 4_000_000;

/// A serial port, as far as the log needs one.
pub(super) struct SerialPort {
    /// Set when a byte could not be sent in time. From then on each byte gets one look, until one goes through.
    is_stuck: bool,
    /// How many bytes the port takes when it has sent all that it had.
    capacity: u8,
    /// How many of these it takes still, without a look at its status.
    room: u8,
}

impl SerialPort {
    /// COM1 as the firmware left it: good enough for a message, until [`Self::init`].
    pub(super) const fn com1() -> Self {
        Self {
            is_stuck: false,
            capacity: 1,
            room: 0,
        }
    }

    /// Sets 115,200 baud, 8 data bits, no parity, 1 stop bit; where there is no port, does nothing.
    pub(super) fn init(&mut self) {
        // The driver waits without bound for the last byte of its predecessor.
        if !wait_for(TRANSMITTER_EMPTY, MAX_LOOKS) {
            self.is_stuck = true;
            return;
        }
        // SAFETY: COM1 is at this port on every PC, and the log lock makes us its only user.
        let Ok(mut uart) = (unsafe { Uart16550::<PioBackend>::new_port(COM1) }) else {
            return;
        };
        let config = Config {
            baud_rate: BaudRate::Baud115200,
            ..Config::default()
        };
        self.is_stuck = uart.init(config).is_err();
        self.capacity = if uart.fifo_enabled() { FIFO_SIZE } else { 1 };
    }

    /// Sends one byte, or loses it when the port stays busy.
    fn send(&mut self, byte: u8) {
        if self.room == 0 {
            let looks = if self.is_stuck { 1 } else { MAX_LOOKS };
            self.is_stuck = !wait_for(TRANSMITTER_HOLDING_EMPTY, looks);
            self.room = if self.is_stuck { 0 } else { self.capacity };
        }
        if self.room > 0 {
            self.room -= 1;
            // SAFETY: The data register of COM1 takes any byte and touches no memory.
            unsafe { Port::new(COM1).write(byte) };
        }
    }
}

impl Write for SerialPort {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(|byte| self.send(byte));
        Ok(())
    }
}

/// Looks at the line status register up to `looks` times, until `bit` is set.
fn wait_for(bit: u8, looks: u32) -> bool {
    (0..looks).any(|_| {
        hint::spin_loop();
        // SAFETY: Reading the line status clears error bits only, which nobody uses, and touches no memory.
        let status: u8 = unsafe { PortReadOnly::new(COM1 + LINE_STATUS).read() };
        status & bit != 0
    })
}
