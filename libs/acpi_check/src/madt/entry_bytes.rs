//! An entry of the MADT as bytes: its type, and a length that goes forward and stays inside the table.

use super::entry::{EntryKind, MadtEntry};
use crate::address::AllegedAddress;
use crate::read_memory::{OutOfReach, ReadMemory};

/// Length of an entry's header: type and length.
const HEAD_BYTES: u8 = 2;
/// Bytes of an entry that are read.
const LONGEST_BYTES: usize = 16;

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
    #[error("MADT entry of type {kind} at offset {offset}: absurd length, {length_bytes} bytes")]
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
}

/// The beginning of an entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct EntryBytes {
    /// Its kind.
    pub(super) kind: u8,
    /// Its length: at least 2, and not past the end of the table.
    pub(super) length_bytes: u8,
    /// Where it lies in the table.
    pub(super) offset: u32,
    /// What it begins with, head included; zero behind its end.
    bytes: [u8; LONGEST_BYTES],
}

impl EntryBytes {
    /// Reads the entry at `offset` of a table.
    pub(super) fn read(
        memory: &dyn ReadMemory,
        table: AllegedAddress,
        table_bytes: u32,
        offset: u32,
    ) -> Result<Self, EntryError> {
        let out_of_reach = |out_of_reach| EntryError::OutOfReach { offset, out_of_reach };
        let address = table.checked_add(u64::from(offset)).ok_or_else(|| {
            out_of_reach(OutOfReach {
                address: table,
                length_bytes: u64::from(table_bytes),
            })
        })?;
        let [kind, length_bytes] = memory.read_array(address).map_err(out_of_reach)?;
        let end = offset.saturating_add(u32::from(length_bytes));
        if length_bytes < HEAD_BYTES || end > table_bytes {
            return Err(EntryError::Length {
                kind,
                length_bytes,
                offset,
            });
        }
        let mut bytes = [0; LONGEST_BYTES];
        let (inside, _) = bytes.split_at_mut(usize::from(length_bytes).min(LONGEST_BYTES));
        memory.read(address, inside).map_err(out_of_reach)?;
        Ok(Self {
            kind,
            length_bytes,
            offset,
            bytes,
        })
    }

    /// Offset of the next entry in the table.
    pub(super) fn end(&self) -> u32 {
        self.offset.saturating_add(u32::from(self.length_bytes))
    }

    /// The least length of an entry of this kind.
    pub(super) const fn needed_bytes(&self) -> u8 {
        shortest_bytes(self.kind)
    }

    /// Its contents. `None` if it is too short for its type.
    pub(super) fn entry(&self) -> Option<MadtEntry> {
        (self.length_bytes >= self.needed_bytes()).then_some(MadtEntry {
            number: self.kind,
            offset: self.offset,
            kind: EntryKind::decode(self.kind, self.bytes),
        })
    }
}

/// The minimum length of an entry of this type, and at least that of the crate `acpi`'s struct for it.
const fn shortest_bytes(kind: u8) -> u8 {
    match kind {
        // Local APIC, NMI source.
        0 | 3 => 8,
        // I/O APIC, address of the local APICs, NMI line of a local x2APIC.
        1 | 5 | 0xa => 12,
        // Interrupt source override.
        2 => 10,
        // NMI line of a local APIC.
        4 => 6,
        // I/O SAPIC, platform interrupt, local x2APIC, GIC redistributor, processor wake-up.
        6 | 8 | 9 | 0xe | 0x10 => 16,
        // Local SAPIC, with the first byte of its name.
        7 => 17,
        // GIC of a processor.
        0xb => 82,
        // GIC distributor, GIC message frame.
        0xc | 0xd => 24,
        // GIC interrupt translation.
        0xf => 20,
        _ => HEAD_BYTES,
    }
}
