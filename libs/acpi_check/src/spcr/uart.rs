//! UARTs: their types, and location, stride and access width of their registers.

use core::fmt;

use x86_64::PhysAddr;

use super::SpcrError;
use crate::generic_address::{AddressSpace, GenericAddress, IoPort};
use crate::memory::AllegedAddress;

/// Number of registers of a 16550.
const REGISTER_COUNT: u8 = 8;

/// The type of a UART, by its number (Microsoft, "Debug Port Table 2", table "Debug Port Types and Subtypes").
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

/// Location, stride and access width of a UART's registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UartRegisters {
    /// Location of the first register.
    pub place: UartPlace,
    /// Distance between registers: 1, 2 or 4 bytes.
    pub stride_bytes: u8,
    /// Width of an access, at most the stride.
    pub access: AccessWidth,
}

/// Location of the first register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UartPlace {
    /// In memory.
    Memory(PhysAddr),
    /// At I/O ports.
    Ports(IoPort),
}

/// Width of an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccessWidth {
    /// 8 bits.
    Byte,
    /// 16 bits.
    Word,
    /// 32 bits.
    DoubleWord,
}

impl AccessWidth {
    /// The width in bytes.
    #[must_use]
    pub const fn bytes(self) -> u8 {
        match self {
            Self::Byte => 1,
            Self::Word => 2,
            Self::DoubleWord => 4,
        }
    }
}

impl UartRegisters {
    /// Validates the address in the table.
    pub(super) fn check(alleged: GenericAddress) -> Result<Self, SpcrError> {
        let GenericAddress {
            space,
            width_bits,
            access_size,
            address,
        } = alleged;
        let stride_bytes = match width_bits {
            // Some firmware leaves it undefined; the registers of a 16550 have 8 bits.
            0 | 8 => 1,
            16 => 2,
            32 => 4,
            _ => return Err(SpcrError::Width { width_bits }),
        };
        let access = access_width(access_size)
            .filter(|access| access.bytes() <= stride_bytes)
            .ok_or(SpcrError::Access {
                access_size,
                stride_bytes,
            })?;
        let length_bytes = REGISTER_COUNT * stride_bytes;
        let place = match space {
            AddressSpace::MEMORY => memory_place(address, length_bytes, access),
            AddressSpace::IO_PORTS => IoPort::of_block(address.as_u64(), u16::from(length_bytes)).map(UartPlace::Ports),
            _ => return Err(SpcrError::Space { space }),
        };
        Ok(Self {
            place: place.ok_or(SpcrError::Address { space, address })?,
            stride_bytes,
            access,
        })
    }
}

/// Decodes an access size; 0 is undefined.
const fn access_width(access_size: u8) -> Option<AccessWidth> {
    match access_size {
        0 | 1 => Some(AccessWidth::Byte),
        2 => Some(AccessWidth::Word),
        3 => Some(AccessWidth::DoubleWord),
        _ => None,
    }
}

/// A location in memory, if all registers fit there and each is aligned to its access width.
fn memory_place(address: AllegedAddress, length_bytes: u8, access: AccessWidth) -> Option<UartPlace> {
    let first = address.possible()?;
    address.checked_add(u64::from(length_bytes) - 1)?.possible()?;
    first
        .is_aligned(u64::from(access.bytes()))
        .then_some(UartPlace::Memory(first))
}
