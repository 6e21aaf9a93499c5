//! Why something that the FADT says is not believed.

use crate::address::AllegedAddress;
use crate::generic_address::AddressSpace;

/// Why something that the FADT says is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FadtError {
    /// Registers that can only be ports lie elsewhere.
    #[error("the FADT puts {field} into {space}, and not among the I/O ports")]
    NotPorts {
        /// The field, by ACPI's name.
        field: &'static str,
        /// Where they lie.
        space: AddressSpace,
    },
    /// No block of ports can lie there.
    #[error("the FADT puts {field} at {address}, where there are no such I/O ports")]
    Ports {
        /// The field, by ACPI's name.
        field: &'static str,
        /// The alleged first port.
        address: AllegedAddress,
    },
    /// The reset register lies where no register can.
    #[error("the FADT puts the reset register at {address} in {space}")]
    ResetRegister {
        /// Where it lies.
        space: AddressSpace,
        /// Its alleged address.
        address: AllegedAddress,
    },
}
