//! One table: name, address, bounds and checksum (ACPI specification, section "System Description Table Header").
//!
//! A table has at least its header, and at most [`TABLE_LIMIT_BYTES`].

use core::fmt;

use crate::memory::{AllegedAddress, OutOfReach, ReadMemory, array_at, sum, u32_at};

/// Upper bound for a plausible length. The longest table seen, a DSDT, has half a MiB.
pub const TABLE_LIMIT_BYTES: u32 = 16 << 20;
/// Length of the header that all tables but the FACS have.
pub(crate) const HEADER_BYTES: u32 = 36;
/// Length of the FACS.
const FACS_BYTES: u32 = 64;
/// Bytes that are read at once for the checksum.
const CHUNK_BYTES: usize = 512;

/// The name of a table: its first four characters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 4]);

impl Signature {
    /// The root table with 64-bit pointers.
    pub const XSDT: Self = Self(*b"XSDT");
    /// The root table with 32-bit pointers.
    pub const RSDT: Self = Self(*b"RSDT");
    /// The FADT: fixed hardware, such as the registers of power management.
    pub const FADT: Self = Self(*b"FACP");
    /// Memory shared with the firmware. It has neither the common header nor a checksum.
    pub const FACS: Self = Self(*b"FACS");
    /// The first table of AML code. The FADT has its address.
    pub const DSDT: Self = Self(*b"DSDT");
    /// More AML code.
    pub const SSDT: Self = Self(*b"SSDT");
    /// The MADT: processors and interrupt controllers.
    pub const MADT: Self = Self(*b"APIC");
    /// The high-precision event timer.
    pub const HPET: Self = Self(*b"HPET");
    /// The serial console.
    pub const SPCR: Self = Self(*b"SPCR");
    /// The units that translate the addresses of devices.
    pub const DMAR: Self = Self(*b"DMAR");

    /// Wraps four characters, which need not be printable.
    #[must_use]
    pub const fn new(characters: [u8; 4]) -> Self {
        Self(characters)
    }

    /// Whether it is the name of a root table.
    pub(crate) fn is_root_table(self) -> bool {
        self == Self::XSDT || self == Self::RSDT
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0.escape_ascii())
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\"{self}\"")
    }
}

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
    /// Another table is at the address.
    #[error("should be {expected}")]
    Signature {
        /// The expected name.
        expected: Signature,
    },
    /// A root table contains a pointer to a root table.
    #[error("a root table names it, and it is one itself")]
    RootInRoot,
    /// The root table contains its address twice.
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
    /// A DSDT whose address is not in the FADT, or only in its older field.
    #[error("the FADT prefers another or none")]
    OtherDsdt,
    /// It changed between its validation and its copy.
    #[error("it changed while it was copied")]
    Changed,
    /// The memory for the copies is full.
    #[error("there is no room for its copy")]
    NoRoom,
}

impl Table {
    /// Reads name and length of a table and computes its checksum. Takes its length from the `budget_bytes` that all
    /// tables together may have, if there is a budget.
    pub(crate) fn read(
        memory: &dyn ReadMemory,
        address: AllegedAddress,
        budget_bytes: Option<&mut u32>,
    ) -> Result<Self, TableError> {
        let error = |signature, fault| TableError {
            signature,
            address,
            fault,
        };
        let start: [u8; 8] = memory
            .read_array(address, 0)
            .map_err(|out_of_reach| error(None, out_of_reach.into()))?;
        let signature = Signature::new(array_at(&start, 0).unwrap_or_default());
        let error = |fault| error(Some(signature), fault);
        let length_bytes = u32_at(&start, 4).unwrap_or(0);
        let shortest_bytes = if signature == Signature::FACS {
            FACS_BYTES
        } else {
            HEADER_BYTES
        };
        if !(shortest_bytes..=TABLE_LIMIT_BYTES).contains(&length_bytes) {
            return Err(error(TableFault::Length { length_bytes }));
        }
        if let Some(budget_bytes) = budget_bytes {
            let limit_bytes = crate::TOTAL_LIMIT_BYTES;
            *budget_bytes = budget_bytes
                .checked_sub(length_bytes)
                .ok_or(error(TableFault::TooMuch { limit_bytes }))?;
        }
        let checksum = if signature == Signature::FACS {
            Checksum::None
        } else {
            checksum(memory, address, length_bytes).map_err(|out_of_reach| error(out_of_reach.into()))?
        };
        Ok(Self {
            signature,
            address,
            length_bytes,
            checksum,
        })
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

/// Computes the checksum, reading piece by piece.
fn checksum(memory: &dyn ReadMemory, address: AllegedAddress, length_bytes: u32) -> Result<Checksum, OutOfReach> {
    let mut total = 0_u8;
    let mut chunk = [0; CHUNK_BYTES];
    for done in (0..length_bytes).step_by(CHUNK_BYTES) {
        let left = usize::try_from(length_bytes - done).unwrap_or(CHUNK_BYTES);
        let (part, _) = chunk.split_at_mut(left.min(CHUNK_BYTES));
        memory.read_at(address, u64::from(done), part)?;
        total = total.wrapping_add(sum(part));
    }
    Ok(if total == 0 { Checksum::Right } else { Checksum::Wrong })
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
