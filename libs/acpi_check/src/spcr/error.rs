//! Errors of the SPCR.

use super::interface::InterfaceType;
use crate::address::AllegedAddress;
use crate::generic_address::AddressSpace;

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
    #[error("the SPCR names a UART of the kind \"{interface}\", which this kernel does not speak")]
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
    #[error("the SPCR has the code {code} for the baud rate, which means nothing")]
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
