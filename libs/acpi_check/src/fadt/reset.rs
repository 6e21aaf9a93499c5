//! The register that resets the machine (ACPI specification, section "Reset Register").

use x86_64::PhysAddr;

use super::{Fadt, FadtError};
use crate::generic_address::{AddressSpace, IoPort};
use crate::memory::u8_at;

/// Offset of the register's address.
const RESET_REGISTER: usize = 116;
/// Offset of the value to be written.
const RESET_VALUE: usize = 128;
/// Flag: there is a reset register.
const HAS_RESET_REGISTER: u32 = 1 << 10;
/// Number of devices on a PCI bus.
const PCI_DEVICES: u16 = 32;
/// Number of functions of a PCI device.
const PCI_FUNCTIONS: u16 = 8;
/// Bytes of configuration space that are accessible through ports.
const PCI_CONFIGURATION_BYTES: u16 = 256;

/// An 8-bit register that resets the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResetRegister {
    /// Its location.
    pub place: ResetPlace,
    /// The value to write.
    pub value: u8,
}

/// Location of a reset register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetPlace {
    /// Physical memory.
    Memory(PhysAddr),
    /// An I/O port.
    Port(IoPort),
    /// Configuration space of a PCI device on bus 0.
    PciConfiguration {
        /// The device, below 32.
        device: u8,
        /// Its function, below 8.
        function: u8,
        /// Offset of the register.
        offset: u8,
    },
}

impl Fadt {
    /// The register that resets the machine, if there is one.
    ///
    /// # Errors
    /// If no register can be at the address in the table.
    pub fn reset_register(&self) -> Result<Option<ResetRegister>, FadtError> {
        let register = self.generic_address(RESET_REGISTER);
        if !self.has_flag(HAS_RESET_REGISTER) || register.address.is_null() {
            return Ok(None);
        }
        let Some(value) = u8_at(self.table(), RESET_VALUE) else {
            return Ok(None);
        };
        let place = match register.space {
            AddressSpace::MEMORY => register.address.possible().map(ResetPlace::Memory),
            AddressSpace::IO_PORTS => IoPort::of_block(register.address.as_u64(), 1).map(ResetPlace::Port),
            AddressSpace::PCI_CONFIGURATION => pci_place(register.address.as_u64()),
            _ => None,
        };
        let place = place.ok_or(FadtError::ResetRegister {
            space: register.space,
            address: register.address,
        })?;
        Ok(Some(ResetRegister { place, value }))
    }
}

/// Decodes an address in configuration space: from low to high offset, function and device, 16 bits each.
fn pci_place(address: u64) -> Option<ResetPlace> {
    let [a, b, c, d, e, f, 0, 0] = address.to_le_bytes() else {
        return None;
    };
    let within = |low, high, limit| {
        let number = u16::from_le_bytes([low, high]);
        u8::try_from(number).ok().filter(|_| number < limit)
    };
    Some(ResetPlace::PciConfiguration {
        device: within(e, f, PCI_DEVICES)?,
        function: within(c, d, PCI_FUNCTIONS)?,
        offset: within(a, b, PCI_CONFIGURATION_BYTES)?,
    })
}
