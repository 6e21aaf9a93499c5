//! The high-precision event timer (IA-PC HPET specification, section "The ACPI 2.0 HPET Description Table").

use x86_64::PhysAddr;

use crate::address::AllegedAddress;
use crate::bytes::array_at;
use crate::generic_address::{AddressSpace, GenericAddress};

/// Offset of the registers' address.
const REGISTERS: usize = 40;
/// The registers are read 8 bytes at a time.
const ALIGNMENT_BYTES: u64 = 8;

/// The timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hpet {
    /// Where its registers lie.
    pub registers: PhysAddr,
}

/// Why the table is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HpetError {
    /// It has no room for the address.
    #[error("the HPET table has only {length_bytes} bytes")]
    TooShort {
        /// Its length.
        length_bytes: usize,
    },
    /// The registers lie elsewhere.
    #[error("the HPET table puts the timer into {space}, and not into memory")]
    NotMemory {
        /// Where they lie.
        space: AddressSpace,
    },
    /// No registers can lie there.
    #[error("the HPET table puts the timer at {address}, where no registers can lie")]
    Address {
        /// The alleged address.
        address: AllegedAddress,
    },
}

impl Hpet {
    /// Reads the bytes of the table.
    ///
    /// # Errors
    /// When the timer cannot lie where the table says.
    pub fn from_table(table: &[u8]) -> Result<Self, HpetError> {
        let length_bytes = table.len();
        let bytes = array_at(table, REGISTERS).ok_or(HpetError::TooShort { length_bytes })?;
        let GenericAddress { space, address, .. } = GenericAddress::read(bytes);
        if space != AddressSpace::MEMORY {
            return Err(HpetError::NotMemory { space });
        }
        let registers = address
            .possible()
            .filter(|registers| registers.is_aligned(ALIGNMENT_BYTES))
            .ok_or(HpetError::Address { address })?;
        Ok(Self { registers })
    }
}
