//! Reads the MADT (signature "APIC"; ACPI specification, section "Multiple APIC Description Table"): processors and
//! interrupt controllers.
//!
//! Every step of the iterator advances and stays inside the table, so it ends.

mod entry;
mod isa;
mod isa_routes;

pub use entry::{EntryFault, IoApic, LocalNmi, MadtEntry, NmiTarget, Processor};
pub use isa::{GlobalSystemInterrupt, InterruptLine, IsaRoute, LineFlags, Polarity, Trigger};
pub use isa_routes::IsaRoutes;

use crate::memory::{AllegedAddress, OutOfReach, ReadMemory};
use crate::table::{HEADER_BYTES, Table};

/// Offset of the first entry: the address and the flags of the local APICs follow the header.
pub(crate) const ENTRIES_OFFSET: u32 = HEADER_BYTES + 8;
/// Length of an entry's header: type and length.
const ENTRY_HEADER_BYTES: u8 = 2;
/// Maximum number of bytes of an entry that are read.
const LONGEST_ENTRY_BYTES: usize = 16;

/// Iterates over the entries of a MADT. An invalid entry is an error, and the iterator continues. It ends after an entry
/// whose length does not lead to the next one.
pub struct MadtEntries<'a> {
    source: Source<'a>,
    address: AllegedAddress,
    length_bytes: u32,
    /// Offset of the next entry.
    offset: u32,
}

/// The memory with the table.
enum Source<'a> {
    Memory(&'a dyn ReadMemory),
    Bytes(&'a [u8]),
}

/// Why an entry is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// It cannot be read.
    #[error("MADT entry at offset {offset}: {out_of_reach}")]
    OutOfReach {
        /// Its offset in the table.
        offset: u32,
        /// The memory that cannot be reached.
        out_of_reach: OutOfReach,
    },
    /// It is shorter than its header or runs past the end of the table: the next entry cannot be found.
    #[error(
        "MADT entry of type {kind} at offset {offset}: absurd length, {length_bytes} bytes. The rest of the table is ignored"
    )]
    Length {
        /// Type of the entry.
        kind: u8,
        /// Its alleged length.
        length_bytes: u8,
        /// Its offset in the table.
        offset: u32,
    },
    /// It is too short for its type.
    #[error(
        "MADT entry of type {kind} at offset {offset}: {length_bytes} bytes are too short, it needs {needed_bytes}"
    )]
    TooShort {
        /// Type of the entry.
        kind: u8,
        /// Its length.
        length_bytes: u8,
        /// The minimum length for its type.
        needed_bytes: u8,
        /// Its offset in the table.
        offset: u32,
    },
    /// A field is invalid.
    #[error("MADT entry of type {kind} at offset {offset}: {fault}")]
    Field {
        /// Type of the entry.
        kind: u8,
        /// Its offset in the table.
        offset: u32,
        /// What is wrong.
        fault: EntryFault,
    },
}

impl<'a> MadtEntries<'a> {
    /// Iterates over a table in memory.
    #[must_use]
    pub const fn in_memory(memory: &'a dyn ReadMemory, table: &Table) -> Self {
        Self {
            source: Source::Memory(memory),
            address: table.address,
            length_bytes: table.length_bytes,
            offset: ENTRIES_OFFSET,
        }
    }

    /// Iterates over the bytes of a table.
    #[must_use]
    pub fn in_bytes(table: &'a [u8]) -> Self {
        Self {
            source: Source::Bytes(table),
            address: AllegedAddress::new(0),
            length_bytes: u32::try_from(table.len()).unwrap_or(u32::MAX),
            offset: ENTRIES_OFFSET,
        }
    }

    /// Reads the next entry, and sets the offset of the one after it.
    fn read(&mut self) -> Result<MadtEntry, EntryError> {
        let offset = self.offset;
        // Until the length is known to lead to another entry.
        self.offset = self.length_bytes;
        let mut bytes = [0; LONGEST_ENTRY_BYTES];
        let left_bytes = self.length_bytes - offset;
        let header_bytes = u32::from(ENTRY_HEADER_BYTES).min(left_bytes);
        self.read_bytes(offset, &mut bytes, header_bytes)?;
        let [kind, length_bytes, ..] = bytes;
        if length_bytes < ENTRY_HEADER_BYTES || u32::from(length_bytes) > left_bytes {
            return Err(EntryError::Length {
                kind,
                length_bytes,
                offset,
            });
        }
        self.read_bytes(offset, &mut bytes, length_bytes.into())?;
        self.offset = offset + u32::from(length_bytes);
        let needed_bytes = entry::shortest_bytes(kind);
        if length_bytes < needed_bytes {
            return Err(EntryError::TooShort {
                kind,
                length_bytes,
                needed_bytes,
                offset,
            });
        }
        MadtEntry::decode(bytes).map_err(|fault| EntryError::Field { kind, offset, fault })
    }

    /// Reads the first `length_bytes` of an entry, as far as they fit.
    fn read_bytes(
        &self,
        offset: u32,
        bytes: &mut [u8; LONGEST_ENTRY_BYTES],
        length_bytes: u32,
    ) -> Result<(), EntryError> {
        let memory: &dyn ReadMemory = match &self.source {
            Source::Memory(memory) => *memory,
            Source::Bytes(bytes) => bytes,
        };
        let length = usize::try_from(length_bytes).unwrap_or(LONGEST_ENTRY_BYTES);
        let (bytes, _) = bytes.split_at_mut(length.min(LONGEST_ENTRY_BYTES));
        memory
            .read_at(self.address, offset.into(), bytes)
            .map_err(|out_of_reach| EntryError::OutOfReach { offset, out_of_reach })
    }
}

impl Iterator for MadtEntries<'_> {
    type Item = Result<MadtEntry, EntryError>;

    fn next(&mut self) -> Option<Self::Item> {
        (self.offset < self.length_bytes).then(|| self.read())
    }
}
