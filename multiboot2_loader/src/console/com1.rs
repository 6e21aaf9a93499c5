//! The first serial port (16550), which may not exist.
//!
//! The crate `uart_16550` is not used: it waits for the transmitter without bound.

use core::fmt::{self, Write};

use crate::ports::{self, COM1};

/// Transmit buffer; low byte of the divisor while the latch is open.
const DATA: u16 = COM1;
/// Interrupt enable; high byte of the divisor while the latch is open.
const INTERRUPT_ENABLE: u16 = COM1 + 1;
/// Queue control.
const QUEUE_CONTROL: u16 = COM1 + 2;
/// Line control.
const LINE_CONTROL: u16 = COM1 + 3;
/// Line status.
const LINE_STATUS: u16 = COM1 + 5;

/// Line control: open the latch to the divisor.
const LATCH_OPEN: u8 = 0x80;
/// Line control: 8 bits, no parity, one stop bit.
const EIGHT_BITS: u8 = 0x03;
/// Queue control: on, and emptied.
const QUEUES_ON: u8 = 0xc7;
/// Line status: the transmitter accepts a byte.
const TRANSMITTER_EMPTY: u8 = 0x20;
/// Maximum number of status reads. A byte takes 87 microseconds at 115200 baud, a status read about one.
const POLLS_PER_BYTE: u32 = 10_000;

/// The port, set to 115200 baud.
pub(super) struct Com1 {
    /// Whether the transmitter accepted every byte so far. After the first failure there are no more waits.
    answers: bool,
}

impl Com1 {
    /// Sets the port up, if there is one.
    pub(super) fn open() -> Self {
        ports::write(INTERRUPT_ENABLE, 0);
        ports::write(LINE_CONTROL, LATCH_OPEN);
        ports::write(DATA, 1);
        ports::write(INTERRUPT_ENABLE, 0);
        ports::write(LINE_CONTROL, EIGHT_BITS);
        ports::write(QUEUE_CONTROL, QUEUES_ON);
        Self { answers: true }
    }

    /// Writes a line. It starts with a line break: firmware and GRUB may have left the cursor anywhere.
    pub(super) fn line(&mut self, text: fmt::Arguments<'_>) {
        // This writer never fails; a failing `Display` has already written its part.
        let _always_ok = write!(self, "\n{text}\n");
    }

    /// Writes one byte, if the port accepts it in time.
    fn byte(&mut self, byte: u8) {
        let mut polls = POLLS_PER_BYTE;
        while self.answers && ports::read(LINE_STATUS) & TRANSMITTER_EMPTY == 0 {
            polls -= 1;
            self.answers = polls > 0;
        }
        if self.answers {
            ports::write(DATA, byte);
        }
    }
}

impl Write for Com1 {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            if byte == b'\n' {
                self.byte(b'\r');
            }
            self.byte(byte);
        }
        Ok(())
    }
}
