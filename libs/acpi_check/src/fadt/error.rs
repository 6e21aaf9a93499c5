//! Errors of the FADT.

use crate::address::AllegedAddress;
use crate::generic_address::AddressSpace;

/// Why a field of the FADT is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FadtError {
    /// A block of registers is not in the I/O port space.
    #[error("the FADT puts {field} into {space}, and not among the I/O ports")]
    NotPorts {
        /// The field, by ACPI's name.
        field: &'static str,
        /// Their address space.
        space: AddressSpace,
    },
    /// A block of I/O ports cannot be at this address.
    #[error("the FADT puts {field} at {address}, where there are no such I/O ports")]
    Ports {
        /// The field, by ACPI's name.
        field: &'static str,
        /// The alleged first port.
        address: AllegedAddress,
    },
    /// The reset register cannot be at this address.
    #[error("the FADT puts the reset register at {address} in {space}")]
    ResetRegister {
        /// Its address space.
        space: AddressSpace,
        /// Its alleged address.
        address: AllegedAddress,
    },
}
