//! Validates ACPI's root pointer (ACPI specification, section "Root System Description Pointer").

use crate::memory::{AllegedAddress, OutOfReach, ReadMemory, sum, u32_at, u64_at};

/// Signature of the root pointer.
pub const RSDP_SIGNATURE: &[u8; 8] = b"RSD PTR ";
/// Length of the first version: signature, checksum, OEM id, revision, RSDT.
const FIRST_LENGTH_BYTES: u32 = 20;
/// Length of the second version: those, then length, XSDT, extended checksum.
const SECOND_LENGTH_BYTES: u32 = 36;

/// A root pointer with valid checksums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rsdp {
    /// Its address.
    pub address: AllegedAddress,
    /// Its length.
    pub length_bytes: u32,
    /// The list with 32-bit addresses.
    pub rsdt: Option<AllegedAddress>,
    /// The list with 64-bit addresses, which has precedence.
    pub xsdt: Option<AllegedAddress>,
}

/// Why a root pointer is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RsdpError {
    /// It cannot be read.
    #[error("ACPI root pointer: {0}")]
    OutOfReach(#[from] OutOfReach),
    /// Its signature is missing.
    #[error("no ACPI root pointer at {address}")]
    Signature {
        /// The address that should be its.
        address: AllegedAddress,
    },
    /// A checksum is wrong.
    #[error("ACPI root pointer at {address}: wrong checksum")]
    Checksum {
        /// Its address.
        address: AllegedAddress,
    },
    /// The length of the second version is wrong.
    #[error("ACPI root pointer at {address}: absurd length, {length_bytes} bytes")]
    Length {
        /// Its address.
        address: AllegedAddress,
        /// Its alleged length.
        length_bytes: u32,
    },
    /// It names no list.
    #[error("ACPI root pointer at {address}: it names neither RSDT nor XSDT")]
    NoTables {
        /// Its address.
        address: AllegedAddress,
    },
}

impl Rsdp {
    /// Checks the root pointer at `address`.
    ///
    /// # Errors
    /// If it cannot be read, has no signature, has a wrong checksum or length, or names no list.
    pub fn check(memory: &dyn ReadMemory, address: AllegedAddress) -> Result<Self, RsdpError> {
        let first: [u8; FIRST_LENGTH_BYTES as usize] = memory.read_array(address, 0)?;
        if !first.starts_with(RSDP_SIGNATURE) {
            return Err(RsdpError::Signature { address });
        }
        if sum(&first) != 0 {
            return Err(RsdpError::Checksum { address });
        }
        let [.., revision, _, _, _, _] = first;
        let mut rsdp = Self {
            address,
            length_bytes: FIRST_LENGTH_BYTES,
            rsdt: pointer(u32_at(&first, 16).map(u64::from)),
            xsdt: None,
        };
        if revision >= 2 {
            let second: [u8; SECOND_LENGTH_BYTES as usize] = memory.read_array(address, 0)?;
            let length_bytes = u32_at(&second, 20).unwrap_or(0);
            if length_bytes != SECOND_LENGTH_BYTES {
                return Err(RsdpError::Length { address, length_bytes });
            }
            if sum(&second) != 0 {
                return Err(RsdpError::Checksum { address });
            }
            rsdp.length_bytes = SECOND_LENGTH_BYTES;
            rsdp.xsdt = pointer(u64_at(&second, 24));
        }
        if rsdp.rsdt.is_none() && rsdp.xsdt.is_none() {
            return Err(RsdpError::NoTables { address });
        }
        Ok(rsdp)
    }
}

/// An address, unless it is null.
fn pointer(number: Option<u64>) -> Option<AllegedAddress> {
    number.map(AllegedAddress::new).filter(|address| !address.is_null())
}
