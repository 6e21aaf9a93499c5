//! One table: its header, its bounds and its checksum (ACPI specification, section "System Description Table Header").
//!
//! What always holds: no table is believed to be longer than [`TABLE_LIMIT_BYTES`] or shorter than its header.

use core::fmt;

use crate::address::AllegedAddress;
use crate::bytes::{array_at, sum, u32_at};
use crate::read_memory::{OutOfReach, ReadMemory};
use crate::signature::Signature;

/// The longest table that is believed. The longest seen, a DSDT, has half a MiB.
pub const TABLE_LIMIT_BYTES: u32 = 16 << 20;
/// Length of the header that all tables but the FACS have.
pub const HEADER_BYTES: u32 = 36;
/// Length of the FACS.
const FACS_BYTES: u32 = 64;
/// How much is read at once.
const CHUNK_BYTES: usize = 512;

/// One table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub signature: Signature,
    /// Where it lies.
    pub address: AllegedAddress,
    /// How long it is, header included.
    pub length_bytes: u32,
    /// Whether its bytes add up.
    pub checksum: Checksum,
}

/// Whether a table's bytes add up to zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// They do.
    Right,
    /// They do not.
    Wrong,
    /// The FACS has no checksum.
    None,
}

/// A table that is not believed, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct TableError {
    /// Its name, if that can be read.
    pub signature: Option<Signature>,
    /// Where it lies or should lie.
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
    /// Shorter than a header or absurdly long.
    #[error("absurd length, {length_bytes} bytes")]
    Length {
        /// Its alleged length.
        length_bytes: u32,
    },
    /// Its bytes do not add up.
    #[error("wrong checksum")]
    Checksum,
    /// Its name is not made of four characters that can be printed.
    #[error("its name cannot be printed")]
    Name,
    /// There is another table than should be.
    #[error("should be {expected}")]
    Signature {
        /// The name that it should have.
        expected: Signature,
    },
    /// A list of tables in the list of tables.
    #[error("a list of tables names it, and it is one itself")]
    ListInList,
    /// It stands in the list already.
    #[error("named twice")]
    NamedTwice,
    /// It has no room for what belongs into every table of its kind.
    #[error("{length_bytes} bytes are too short, it needs {needed_bytes}")]
    TooShort {
        /// Its length.
        length_bytes: u32,
        /// The least length of its kind.
        needed_bytes: u32,
    },
    /// With it, the tables would be longer than anybody believes.
    #[error("all tables together would have more than {limit_bytes} bytes")]
    TooMuch {
        /// The most that is believed.
        limit_bytes: u32,
    },
    /// A DSDT that the FADT does not name, or only by its older pointer.
    #[error("the FADT prefers another or none")]
    OtherDsdt,
    /// It was sound when it was looked at, but its copy is another.
    #[error("it changed while it was copied")]
    Changed,
    /// A MADT without a processor, at which the crate `acpi` panics.
    #[error("it names no processor")]
    NoProcessor,
}

/// The beginning of a table, whose length is possible.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TableHead {
    /// The table's name.
    pub(crate) signature: Signature,
    /// Where it lies.
    pub(crate) address: AllegedAddress,
    /// How long it is.
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

    /// Adds all bytes up.
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

    /// Whether the bytes add up, read piece by piece.
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
    /// Reads name and length of a table and adds its bytes up.
    pub(crate) fn read(memory: &dyn ReadMemory, address: AllegedAddress) -> Result<Self, TableError> {
        TableHead::read(memory, address)?.sum_up(memory)
    }

    /// This table as one that is not believed.
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
