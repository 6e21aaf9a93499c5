//! The serial console that the firmware uses (Microsoft, "Serial Port Console Redirection Table").

mod baud_rate;
mod error;
mod interface;
mod registers;

pub use error::SpcrError;
pub use interface::InterfaceType;
pub use registers::{AccessWidth, UartPlace, UartRegisters};

use crate::bytes::{array_at, u8_at};
use crate::generic_address::GenericAddress;

/// Length of the table before it said more precise things.
const FIRST_SPCR_BYTES: usize = 80;
/// Offset of the interface type.
const INTERFACE_TYPE: usize = 36;
/// Offset of the registers' address.
const REGISTERS: usize = 40;

/// A serial port that the kernel can use as its console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SerialConsole {
    /// What it is, a kind of 16550.
    pub interface: InterfaceType,
    /// Where its registers lie and how they are read.
    pub registers: UartRegisters,
    /// Its baud rate. `None` means: leave it as the firmware set it.
    pub baud_rate: Option<u32>,
    /// What its baud rate is divided from, if the table says it.
    pub clock_hz: Option<u32>,
}

impl SerialConsole {
    /// Reads the bytes of the table. `None` when the firmware does not use a serial console.
    ///
    /// # Errors
    /// When it is another kind of UART than a 16550, or something that the table says cannot be.
    pub fn from_table(table: &[u8]) -> Result<Option<Self>, SpcrError> {
        let length_bytes = table.len();
        let too_short = SpcrError::TooShort { length_bytes };
        if length_bytes < FIRST_SPCR_BYTES {
            return Err(too_short);
        }
        let address = GenericAddress::read(array_at(table, REGISTERS).ok_or(too_short)?);
        if address.address.is_null() {
            return Ok(None);
        }
        let interface = InterfaceType::new(u8_at(table, INTERFACE_TYPE).ok_or(too_short)?);
        if !interface.is_16550() {
            return Err(SpcrError::Interface { interface });
        }
        let registers = UartRegisters::check(address)?;
        let clock_hz = baud_rate::clock_hz(table);
        Ok(Some(Self {
            interface,
            registers,
            baud_rate: baud_rate::baud_rate(table, clock_hz)?,
            clock_hz,
        }))
    }
}
