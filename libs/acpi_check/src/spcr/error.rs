//! Why the serial console is not used.

use super::interface::InterfaceType;
use crate::address::AllegedAddress;
use crate::generic_address::AddressSpace;

/// Why the serial console that the SPCR names is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpcrError {
    /// The table has no room for its fields.
    #[error("the SPCR has only {length_bytes} bytes")]
    TooShort {
        /// Its length.
        length_bytes: usize,
    },
    /// Another kind of UART.
    #[error("the SPCR names a UART of the kind \"{interface}\", which this kernel does not speak")]
    Interface {
        /// The kind.
        interface: InterfaceType,
    },
    /// The registers lie neither in memory nor among the I/O ports.
    #[error("the SPCR puts the UART into {space}")]
    Space {
        /// Where they lie.
        space: AddressSpace,
    },
    /// Registers are not that far apart.
    #[error("the SPCR says that the UART's registers are {width_bits} bits wide")]
    Width {
        /// The alleged width.
        width_bits: u8,
    },
    /// Registers cannot be read that way.
    #[error(
        "the SPCR says that the UART's registers, {stride_bytes} bytes apart, are read with access size {access_size}"
    )]
    Access {
        /// The alleged access size, as the table counts it.
        access_size: u8,
        /// How far apart the registers are.
        stride_bytes: u8,
    },
    /// No UART can lie there.
    #[error("the SPCR puts the UART at {address} in {space}, where none can lie")]
    Address {
        /// Where it lies.
        space: AddressSpace,
        /// The alleged address.
        address: AllegedAddress,
    },
    /// A baud rate that is not defined.
    #[error("the SPCR has the code {code} for the baud rate, which means nothing")]
    BaudRateCode {
        /// The code.
        code: u8,
    },
    /// A baud rate that no UART has.
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
