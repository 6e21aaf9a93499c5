//! Reads the SPCR, which names the firmware's serial console (Microsoft, "Serial Port Console Redirection Table").

mod baud_rate;
mod error;
mod interface;
mod registers;

pub use error::SpcrError;
pub use interface::InterfaceType;
pub use registers::{AccessWidth, UartPlace, UartRegisters};

use crate::bytes::{array_at, u8_at};
use crate::generic_address::GenericAddress;

/// Length of revision 2 and older, without the precise baud rate.
const FIRST_SPCR_BYTES: usize = 80;
/// Offset of the interface type.
const INTERFACE_TYPE: usize = 36;
/// Offset of the registers' address.
const REGISTERS: usize = 40;

/// A serial port that the kernel can use as its console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SerialConsole {
    /// Its type, compatible with a 16550.
    pub interface: InterfaceType,
    /// Location and access width of its registers.
    pub registers: UartRegisters,
    /// Its baud rate in bits per second; `None` to keep the firmware's setting.
    pub baud_rate: Option<u32>,
    /// Its input clock in Hz, if the table has it.
    pub clock_hz: Option<u32>,
}

impl SerialConsole {
    /// Reads the bytes of the table. `None` when the firmware does not use a serial console.
    ///
    /// # Errors
    /// If it is not compatible with a 16550, or a field of the table is invalid.
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
