//! Reads the SPCR, which names the firmware's serial console (Microsoft, "Serial Port Console Redirection Table").

mod uart;

pub use uart::{AccessWidth, InterfaceType, UartPlace, UartRegisters};

use crate::generic_address::{AddressSpace, GenericAddress};
use crate::memory::{AllegedAddress, array_at, u8_at, u32_at};

/// Length of revision 2 and older, without the precise baud rate.
const FIRST_SPCR_BYTES: usize = 80;
/// Offset of the table's revision.
const REVISION: usize = 8;
/// Offset of the interface type.
const INTERFACE_TYPE: usize = 36;
/// Offset of the registers' address.
const REGISTERS: usize = 40;
/// Offset of the code for the baud rate.
const BAUD_RATE_CODE: usize = 58;
/// Offset of the clock.
const CLOCK: usize = 76;
/// The first revision with an input clock.
const REVISION_WITH_CLOCK: u8 = 3;
/// Offset of the precise baud rate, past the end of older tables.
const PRECISE_BAUD_RATE: usize = 80;
/// The clock is at least this multiple of the baud rate.
const CLOCKS_PER_BIT: u32 = 16;
/// Lower bound for a plausible baud rate, that of teleprinters.
const SLOWEST: u32 = 50;
/// Upper bound for a plausible baud rate.
const FASTEST: u32 = 4_000_000;

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

/// Why the serial console in the SPCR is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpcrError {
    /// The table is too short for its fields.
    #[error("the SPCR has only {length_bytes} bytes")]
    TooShort {
        /// Its length.
        length_bytes: usize,
    },
    /// The UART is not compatible with a 16550.
    #[error("the SPCR names a UART of the type \"{interface}\", which the kernel does not support")]
    Interface {
        /// Its type.
        interface: InterfaceType,
    },
    /// The registers are neither in memory nor I/O ports.
    #[error("the SPCR puts the UART into {space}")]
    Space {
        /// Their address space.
        space: AddressSpace,
    },
    /// The width of a register is invalid.
    #[error("the SPCR says that the UART's registers are {width_bits} bits wide")]
    Width {
        /// The alleged width.
        width_bits: u8,
    },
    /// The access size is invalid, or wider than the stride.
    #[error(
        "the SPCR says that the UART's registers, {stride_bytes} bytes apart, are read with access size {access_size}"
    )]
    Access {
        /// The alleged access size, as the table counts it.
        access_size: u8,
        /// Distance between registers in bytes.
        stride_bytes: u8,
    },
    /// A UART cannot be at this address.
    #[error("the SPCR puts the UART at {address} in {space}, where none can lie")]
    Address {
        /// Its address space.
        space: AddressSpace,
        /// The alleged address.
        address: AllegedAddress,
    },
    /// The code for the baud rate is not defined.
    #[error("the SPCR has the undefined code {code} for the baud rate")]
    BaudRateCode {
        /// The code.
        code: u8,
    },
    /// The baud rate is not plausible.
    #[error("the SPCR has the absurd baud rate {baud_rate}")]
    BaudRate {
        /// The alleged rate.
        baud_rate: u32,
    },
    /// The clock is too slow for the baud rate.
    #[error("the SPCR has the baud rate {baud_rate}, for which the UART's clock of {clock_hz} Hz is too slow")]
    Clock {
        /// The alleged rate.
        baud_rate: u32,
        /// The alleged clock.
        clock_hz: u32,
    },
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
        let clock_hz = clock_hz(table);
        Ok(Some(Self {
            interface,
            registers,
            baud_rate: baud_rate(table, clock_hz)?,
            clock_hz,
        }))
    }
}

/// The input clock in Hz, if the table has it.
fn clock_hz(table: &[u8]) -> Option<u32> {
    let revision = u8_at(table, REVISION)?;
    u32_at(table, CLOCK).filter(|clock_hz| revision >= REVISION_WITH_CLOCK && *clock_hz != 0)
}

/// The baud rate; `None` to keep the current one.
fn baud_rate(table: &[u8], clock_hz: Option<u32>) -> Result<Option<u32>, SpcrError> {
    let precise = u32_at(table, PRECISE_BAUD_RATE).filter(|baud_rate| *baud_rate != 0);
    let baud_rate = match (precise, u8_at(table, BAUD_RATE_CODE).unwrap_or(0)) {
        (Some(baud_rate), _) => baud_rate,
        (None, 0) => return Ok(None),
        (None, 3) => 9_600,
        (None, 4) => 19_200,
        (None, 6) => 57_600,
        (None, 7) => 115_200,
        (None, code) => return Err(SpcrError::BaudRateCode { code }),
    };
    if !(SLOWEST..=FASTEST).contains(&baud_rate) {
        return Err(SpcrError::BaudRate { baud_rate });
    }
    match clock_hz {
        Some(clock_hz) if clock_hz / CLOCKS_PER_BIT < baud_rate => Err(SpcrError::Clock { baud_rate, clock_hz }),
        _ => Ok(Some(baud_rate)),
    }
}
