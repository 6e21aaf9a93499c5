//! Validates one table: header, bounds and checksum (ACPI specification, section "System Description Table Header").
//!
//! A table has at least its header, and at most [`TABLE_LIMIT_BYTES`].

use core::fmt;

use crate::address::AllegedAddress;
use crate::bytes::{array_at, sum, u32_at};
use crate::read_memory::{OutOfReach, ReadMemory};
use crate::signature::Signature;

/// Upper bound for a plausible length. The longest table seen, a DSDT, has half a MiB.
pub const TABLE_LIMIT_BYTES: u32 = 16 << 20;
/// Length of the header that all tables but the FACS have.
pub const HEADER_BYTES: u32 = 36;
/// Length of the FACS.
const FACS_BYTES: u32 = 64;
/// Bytes that are read at once for the checksum.
const CHUNK_BYTES: usize = 512;

/// One table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub signature: Signature,
    /// Its address.
    pub address: AllegedAddress,
    /// Its length, header included.
    pub length_bytes: u32,
    /// Whether its checksum is right.
    pub checksum: Checksum,
}

/// The result of a table's checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// The sum of all bytes is zero.
    Right,
    /// The sum is not zero.
    Wrong,
    /// The FACS has no checksum.
    None,
}

/// A table that is refused, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct TableError {
    /// Its name, if it can be read.
    pub signature: Option<Signature>,
    /// The address that should be the table's.
    pub address: AllegedAddress,
    /// What is wrong.
    pub fault: TableFault,
}

/// What is wrong with a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableFault {
    /// It cannot be read.
    #[error("{0}")]
    OutOfReach(#[from] OutOfReach),
    /// It is shorter than its header or implausibly long.
    #[error("absurd length, {length_bytes} bytes")]
    Length {
        /// Its alleged length.
        length_bytes: u32,
    },
    /// Its checksum is wrong.
    #[error("wrong checksum")]
    Checksum,
    /// Its name is not made of four printable characters.
    #[error("its name cannot be printed")]
    Name,
    /// Another table is at the address.
    #[error("should be {expected}")]
    Signature {
        /// The expected name.
        expected: Signature,
    },
    /// The list of tables contains a list of tables.
    #[error("a list of tables names it, and it is one itself")]
    ListInList,
    /// The list names it twice.
    #[error("named twice")]
    NamedTwice,
    /// It is too short for the fixed part of its kind of table.
    #[error("{length_bytes} bytes are too short, it needs {needed_bytes}")]
    TooShort {
        /// Its length.
        length_bytes: u32,
        /// The minimum length.
        needed_bytes: u32,
    },
    /// With it, the total length of the tables would be implausible.
    #[error("all tables together would have more than {limit_bytes} bytes")]
    TooMuch {
        /// The maximum total length.
        limit_bytes: u32,
    },
    /// A DSDT that the FADT does not name, or only in its older field.
    #[error("the FADT prefers another or none")]
    OtherDsdt,
    /// It changed between its validation and its copy.
    #[error("it changed while it was copied")]
    Changed,
    /// A MADT without a processor, at which the crate `acpi` panics.
    #[error("it names no processor")]
    NoProcessor,
}

/// The header of a table, with a plausible length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TableHead {
    /// The table's name.
    pub(crate) signature: Signature,
    /// Its address.
    pub(crate) address: AllegedAddress,
    /// Its length.
    pub(crate) length_bytes: u32,
}

impl TableHead {
    /// Reads name and length.
    pub(crate) fn read(memory: &dyn ReadMemory, address: AllegedAddress) -> Result<Self, TableError> {
        let error = |signature, fault| TableError {
            signature,
            address,
            fault,
        };
        let start: [u8; 8] = memory
            .read_array(address)
            .map_err(|out_of_reach| error(None, out_of_reach.into()))?;
        let signature = Signature::new(array_at(&start, 0).unwrap_or_default());
        let length_bytes = u32_at(&start, 4).unwrap_or(0);
        let shortest = if signature == Signature::FACS {
            FACS_BYTES
        } else {
            HEADER_BYTES
        };
        if !(shortest..=TABLE_LIMIT_BYTES).contains(&length_bytes) {
            return Err(error(Some(signature), TableFault::Length { length_bytes }));
        }
        Ok(Self {
            signature,
            address,
            length_bytes,
        })
    }

    /// Computes the checksum.
    pub(crate) fn sum_up(self, memory: &dyn ReadMemory) -> Result<Table, TableError> {
        let checksum = if self.signature == Signature::FACS {
            Checksum::None
        } else {
            self.checksum(memory).map_err(|out_of_reach| TableError {
                signature: Some(self.signature),
                address: self.address,
                fault: out_of_reach.into(),
            })?
        };
        Ok(Table {
            signature: self.signature,
            address: self.address,
            length_bytes: self.length_bytes,
            checksum,
        })
    }

    /// Computes the checksum, reading piece by piece.
    fn checksum(&self, memory: &dyn ReadMemory) -> Result<Checksum, OutOfReach> {
        let mut total = 0_u8;
        let mut chunk = [0; CHUNK_BYTES];
        for done in (0..self.length_bytes).step_by(CHUNK_BYTES) {
            let left = usize::try_from(self.length_bytes - done).unwrap_or(CHUNK_BYTES);
            let (part, _) = chunk.split_at_mut(left.min(CHUNK_BYTES));
            let address = self.address.checked_add(u64::from(done)).ok_or(OutOfReach {
                address: self.address,
                length_bytes: u64::from(self.length_bytes),
            })?;
            memory.read(address, part)?;
            total = total.wrapping_add(sum(part));
        }
        Ok(if total == 0 { Checksum::Right } else { Checksum::Wrong })
    }
}

impl Table {
    /// Reads name and length of a table and computes its checksum.
    pub(crate) fn read(memory: &dyn ReadMemory, address: AllegedAddress) -> Result<Self, TableError> {
        TableHead::read(memory, address)?.sum_up(memory)
    }

    /// The error for this table.
    pub(crate) const fn error(&self, fault: TableFault) -> TableError {
        TableError {
            signature: Some(self.signature),
            address: self.address,
            fault,
        }
    }
}

impl fmt::Display for TableError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            signature,
            address,
            fault,
        } = self;
        match signature {
            Some(signature) => write!(formatter, "table {signature} at {address}: {fault}"),
            None => write!(formatter, "table at {address}: {fault}"),
        }
    }
}
