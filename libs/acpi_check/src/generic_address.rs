//! Addresses of registers (ACPI specification, section "Generic Address Structure") and I/O ports.

use core::fmt;

use crate::memory::AllegedAddress;

/// Length of the structure.
const GENERIC_ADDRESS_BYTES: usize = 12;

/// The address of a register in a table, not validated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GenericAddress {
    pub(crate) space: AddressSpace,
    /// Width of the register in bits.
    pub(crate) width_bits: u8,
    /// Access size: 1 to 4 for 8 to 64 bits, 0 if undefined.
    pub(crate) access_size: u8,
    pub(crate) address: AllegedAddress,
}

/// An address space, by its number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AddressSpace(pub u8);

impl AddressSpace {
    /// Physical memory.
    pub const MEMORY: Self = Self(0);
    /// I/O ports.
    pub const IO_PORTS: Self = Self(1);
    /// Configuration space of PCI devices on bus 0.
    pub const PCI_CONFIGURATION: Self = Self(2);
}

impl GenericAddress {
    /// Reads the structure.
    pub(crate) const fn read(bytes: [u8; GENERIC_ADDRESS_BYTES]) -> Self {
        let [space, width_bits, _offset_bits, access_size, a, b, c, d, e, f, g, h] = bytes;
        Self {
            space: AddressSpace(space),
            width_bits,
            access_size,
            address: AllegedAddress::new(u64::from_le_bytes([a, b, c, d, e, f, g, h])),
        }
    }
}

impl fmt::Display for AddressSpace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.0 {
            0 => "memory",
            1 => "I/O ports",
            2 => "PCI configuration space",
            3 => "an embedded controller",
            4 => "the SMBus",
            5 => "the CMOS memory",
            6 => "a PCI device's own memory",
            7 => "IPMI",
            8 => "general-purpose pins",
            9 => "a serial bus",
            10 => "a channel of the platform",
            0x7f => "fixed hardware",
            number => return write!(formatter, "address space {number}"),
        };
        formatter.write_str(name)
    }
}

impl fmt::Debug for AddressSpace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\"{self}\"")
    }
}

/// An I/O port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IoPort(pub u16);

impl IoPort {
    /// First port of a block of `length_bytes`, if such a block can be at the address. Port 0 means "there is none".
    pub(crate) fn of_block(address: u64, length_bytes: u16) -> Option<Self> {
        let port = u16::try_from(address).ok().filter(|port| *port != 0)?;
        port.checked_add(length_bytes.saturating_sub(1))?;
        Some(Self(port))
    }
}

impl fmt::Display for IoPort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "port {:#x}", self.0)
    }
}
