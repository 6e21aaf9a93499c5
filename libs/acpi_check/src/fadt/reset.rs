//! The register by which the machine is reset (ACPI specification, section "Reset Register").

use x86_64::PhysAddr;

use super::Fadt;
use super::FadtError;
use crate::generic_address::AddressSpace;
use crate::generic_address::IoPort;

/// Offset of the register's address.
const RESET_REGISTER: usize = 116;
/// Offset of the value to be written.
const RESET_VALUE: usize = 128;
/// Flag: there is such a register.
const HAS_RESET_REGISTER: u32 = 1 << 10;
/// How many devices a PCI bus has.
const PCI_DEVICES: u16 = 32;
/// How many functions a PCI device has.
const PCI_FUNCTIONS: u16 = 8;
/// How many bytes of configuration space are reached by ports.
const PCI_CONFIGURATION_BYTES: u16 = 256;

/// An 8-bit register that resets the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResetRegister {
    /// Where it lies.
    pub place: ResetPlace,
    /// What is written to it.
    pub value: u8,
}

/// Where a register can lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetPlace {
    /// In memory.
    Memory(PhysAddr),
    /// It is a port.
    Port(IoPort),
    /// In the configuration space of a PCI device on bus 0.
    PciConfiguration {
        /// The device, below 32.
        device: u8,
        /// Its function, below 8.
        function: u8,
        /// The register.
        offset: u8,
    },
}

impl Fadt {
    /// The register that resets the machine, if there is one.
    ///
    /// # Errors
    /// When it cannot lie where the table says.
    pub fn reset_register(&self) -> Result<Option<ResetRegister>, FadtError> {
        let register = self.generic_address(RESET_REGISTER);
        if !self.has_flag(HAS_RESET_REGISTER) || register.address.is_null() {
            return Ok(None);
        }
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
        let value = self.u8(RESET_VALUE);
        Ok(Some(ResetRegister { place, value }))
    }
}

/// From low to high: offset, function and device, 16 bits each.
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
