//! Reads the table of the high-precision event timer (IA-PC HPET specification, section "The ACPI 2.0 HPET Description Table").

use x86_64::PhysAddr;

use crate::generic_address::{AddressSpace, GenericAddress};
use crate::memory::{AllegedAddress, array_at};

/// Offset of the registers' address.
const REGISTERS: usize = 40;
/// The registers are read 8 bytes at a time.
const ALIGNMENT_BYTES: u64 = 8;

/// A high-precision event timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hpet {
    /// Address of its registers.
    pub registers: PhysAddr,
}

/// Why the table is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HpetError {
    /// It is too short for the address.
    #[error("the HPET table has only {length_bytes} bytes")]
    TooShort {
        /// Its length.
        length_bytes: usize,
    },
    /// The registers are not in memory.
    #[error("the HPET table puts the timer into {space}, and not into memory")]
    NotMemory {
        /// Their address space.
        space: AddressSpace,
    },
    /// Registers cannot be at this address.
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
    /// If the timer cannot be at the address in the table.
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
