//! Reads the MADT (signature "APIC"; ACPI specification, section "Multiple APIC Description Table"): processors and
//! interrupt controllers.
//!
//! Every step of the iterator goes forward and stays inside the table, so it ends.

mod entry;
mod entry_bytes;
mod isa_routes;
mod line;
mod sanitize;

pub use entry::{
    EntryKind, GlobalSystemInterrupt, IoApic, LocalNmi, MadtEntry, NmiSource, NmiTarget, Processor, SourceOverride,
};
pub use entry_bytes::EntryError;
pub use isa_routes::{IsaRoute, IsaRoutes};
pub use line::{InterruptLine, LineFlags, Polarity, Trigger};
pub use sanitize::EntryFault;
pub(crate) use sanitize::sanitize;

use crate::address::AllegedAddress;
use crate::read_memory::ReadMemory;
use crate::table::{HEADER_BYTES, Table};
use entry_bytes::EntryBytes;

/// Offset of the first entry: behind the header come the local APICs' address and flags.
pub(crate) const ENTRIES_OFFSET: u32 = HEADER_BYTES + 8;

/// Iterates over the entries of a MADT. An entry too short for its type is an error, and the iterator continues. It ends after
/// an entry whose length does not lead to the next one.
pub struct MadtEntries<'a> {
    /// Where the table lies.
    source: Source<'a>,
    /// Its first byte.
    address: AllegedAddress,
    /// Its length.
    length_bytes: u32,
    /// Where the next entry lies in it.
    offset: u32,
}

/// Where a table lies.
enum Source<'a> {
    /// In memory.
    Memory(&'a dyn ReadMemory),
    /// It is here.
    Bytes(&'a [u8]),
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
}

impl Source<'_> {
    /// The table as memory.
    const fn as_memory(&self) -> &dyn ReadMemory {
        match self {
            Self::Memory(memory) => *memory,
            Self::Bytes(bytes) => bytes,
        }
    }
}

impl Iterator for MadtEntries<'_> {
    type Item = Result<MadtEntry, EntryError>;

    fn next(&mut self) -> Option<Self::Item> {
        // A single byte at the end is not an entry.
        if self.offset.saturating_add(1) >= self.length_bytes {
            return None;
        }
        let bytes = match EntryBytes::read(self.source.as_memory(), self.address, self.length_bytes, self.offset) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.offset = self.length_bytes;
                return Some(Err(error));
            }
        };
        self.offset = bytes.end();
        Some(bytes.entry().ok_or(EntryError::TooShort {
            kind: bytes.kind,
            length_bytes: bytes.length_bytes,
            needed_bytes: bytes.needed_bytes(),
            offset: bytes.offset,
        }))
    }
}
