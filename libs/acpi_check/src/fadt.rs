//! Reads the FADT (signature "FACP"; ACPI specification, section "Fixed ACPI Description Table"): the tables that it
//! names, and the fixed hardware that the kernel uses.
//!
//! A field that is not completely inside the table reads as zero. The length of the table decides which fields exist, not
//! its revision, because some firmware does not follow its own revision.

mod power;
mod reset;

pub use power::{AcpiModeCommand, KeyboardController, Pm1Control, PmTimer, PmTimerWidth};
pub use reset::{ResetPlace, ResetRegister};

use crate::generic_address::{AddressSpace, GenericAddress};
use crate::memory::{AllegedAddress, OutOfReach, ReadMemory, array_at, u8_at, u16_at, u32_at, u64_at};
use crate::table::Table;

/// Length of the longest version known.
const FADT_BYTES: usize = 276;
/// Length of the first version.
pub(crate) const FIRST_FADT_BYTES: u32 = 116;

/// Offset of the table's revision.
const REVISION: usize = 8;
/// Offset of the FACS's address.
const FACS: usize = 36;
/// Offset of the DSDT's address.
const DSDT: usize = 40;
/// Offset of the number of the clock's century register; 0 where there is none.
const CENTURY: usize = 108;
/// Offset of the flags.
const FLAGS: usize = 112;
/// Offset of the FACS's 64-bit address.
const X_FACS: usize = 132;
/// Offset of the DSDT's 64-bit address.
const X_DSDT: usize = 140;

/// A FADT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fadt {
    /// The table, zero after its end.
    bytes: [u8; FADT_BYTES],
    length: usize,
}

/// Why a field of the FADT is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FadtError {
    /// A block of registers is not in the I/O port space.
    #[error("the FADT puts {field} into {space}, not the I/O ports")]
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

impl Fadt {
    /// Reads the table's fields. The caller checks whether the table is sound.
    ///
    /// # Errors
    /// If the memory cannot be read.
    pub fn read(memory: &dyn ReadMemory, table: &Table) -> Result<Self, OutOfReach> {
        let mut bytes = [0; FADT_BYTES];
        let length = usize::try_from(table.length_bytes)
            .unwrap_or(FADT_BYTES)
            .min(FADT_BYTES);
        let (inside, _) = bytes.split_at_mut(length);
        memory.read(table.address, inside)?;
        Ok(Self { bytes, length })
    }

    /// Reads the fields of a table's bytes.
    pub(crate) fn from_table(table: &[u8]) -> Self {
        let mut bytes = [0; FADT_BYTES];
        for (target, source) in bytes.iter_mut().zip(table) {
            *target = *source;
        }
        Self {
            bytes,
            length: table.len().min(FADT_BYTES),
        }
    }

    /// Addresses of the FACS: the 64-bit field, then the old one. Either may be null.
    #[must_use]
    pub fn facs(&self) -> [AllegedAddress; 2] {
        [self.address_64(X_FACS), self.address_32(FACS)]
    }

    /// Addresses of the DSDT: the 64-bit field, which has precedence, then the old one. Either may be null.
    #[must_use]
    pub fn dsdt(&self) -> [AllegedAddress; 2] {
        [self.address_64(X_DSDT), self.address_32(DSDT)]
    }

    /// Number of the real-time clock's register with the century, if there is one.
    #[must_use]
    pub fn century_register(&self) -> Option<u8> {
        Some(self.u8(CENTURY)).filter(|register| *register != 0)
    }

    fn has_flag(&self, flag: u32) -> bool {
        self.u32(FLAGS) & flag != 0
    }

    /// The bytes that the table has.
    fn table(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    fn u8(&self, offset: usize) -> u8 {
        u8_at(self.table(), offset).unwrap_or(0)
    }

    fn u16(&self, offset: usize) -> u16 {
        u16_at(self.table(), offset).unwrap_or(0)
    }

    fn u32(&self, offset: usize) -> u32 {
        u32_at(self.table(), offset).unwrap_or(0)
    }

    fn address_32(&self, offset: usize) -> AllegedAddress {
        AllegedAddress::new(u64::from(self.u32(offset)))
    }

    fn address_64(&self, offset: usize) -> AllegedAddress {
        AllegedAddress::new(u64_at(self.table(), offset).unwrap_or(0))
    }

    fn generic_address(&self, offset: usize) -> GenericAddress {
        GenericAddress::read(array_at(self.table(), offset).unwrap_or_default())
    }
}
