//! Types of UARTs (Microsoft, "Debug Port Table 2", table "Debug Port Types and Subtypes").

use core::fmt;

/// The type of a UART, by its number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct InterfaceType(u8);

impl InterfaceType {
    /// Wraps the number.
    #[must_use]
    pub const fn new(number: u8) -> Self {
        Self(number)
    }

    /// Whether it is compatible with a 16550.
    #[must_use]
    pub const fn is_16550(self) -> bool {
        matches!(self.0, 0 | 1 | 0x12)
    }
}

impl fmt::Display for InterfaceType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.0 {
            0x00 => "16550",
            0x01 => "16450 with FIFO control",
            0x02 => "MAX311xE on SPI",
            0x03 => "ARM PL011",
            0x04 => "MSM8x60",
            0x05 => "Nvidia 16550",
            0x06 => "TI OMAP",
            0x08 => "APM88xxxx",
            0x09 => "MSM8974",
            0x0a => "SAM5250",
            0x0b => "Intel USIF",
            0x0c => "i.MX 6",
            0x0d => "ARM SBSA with 32-bit accesses",
            0x0e => "ARM SBSA",
            0x0f => "ARM DCC",
            0x10 => "BCM2835",
            0x11 => "SDM845 at 1.8432 MHz",
            0x12 => "16550 as its address says",
            0x13 => "SDM845 at 7.372 MHz",
            0x14 => "Intel LPSS",
            0x15 => "RISC-V SBI",
            number => return write!(formatter, "number {number:#x}"),
        };
        formatter.write_str(name)
    }
}

impl fmt::Debug for InterfaceType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\"{self}\"")
    }
}
