//! Layout of the copy: the root pointer, the list of tables, the tables.

use core::ops::Range;

use crate::fadt::FADT_BYTES;
use crate::table::{HEADER_BYTES, Table};

/// Alignment of everything but the list.
const ALIGNMENT_BYTES: usize = 64;
/// Offset of the root pointer.
pub(super) const RSDP: usize = 0;
/// Offset of the list's first pointer, which the crate `acpi` reads in place: the list's header comes before it.
pub(super) const POINTERS: usize = 128;
/// Offset of the list.
pub(super) const XSDT: usize = POINTERS - HEADER_BYTES as usize;
/// Size of a pointer.
pub(super) const POINTER_BYTES: usize = 8;

/// Layout of the copy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ImageLayout<'a> {
    /// The tables.
    tables: &'a [Table],
}

impl<'a> ImageLayout<'a> {
    /// A layout for these tables, whose total length the list of tables has limited.
    pub(crate) const fn new(tables: &'a [Table]) -> Self {
        Self { tables }
    }

    /// Size of the copy in bytes.
    pub(crate) fn size_bytes(&self) -> usize {
        self.rooms().last().map_or(self.first_room(), |(_, room)| room.end)
    }

    /// The tables, and the range of each: as long as the table, and at least as the crate's longest struct.
    pub(super) fn rooms(&self) -> impl Iterator<Item = (&'a Table, Range<usize>)> {
        self.tables.iter().scan(self.first_room(), |start, table| {
            let length = usize::try_from(table.length_bytes).ok()?;
            let end = start.checked_add(length.max(FADT_BYTES).next_multiple_of(ALIGNMENT_BYTES))?;
            let room = *start..end;
            *start = end;
            Some((table, room))
        })
    }

    /// Offset of the first table.
    const fn first_room(&self) -> usize {
        (POINTERS + self.tables.len() * POINTER_BYTES).next_multiple_of(ALIGNMENT_BYTES)
    }
}
