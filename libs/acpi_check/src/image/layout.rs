//! Where things lie in the copy: the root pointer, the list of tables, the tables.

use core::ops::Range;

use crate::fadt::FADT_BYTES;
use crate::table::{HEADER_BYTES, Table};

/// Everything but the list begins at a multiple of this.
const ALIGNMENT_BYTES: usize = 64;
/// Offset of the root pointer.
pub(super) const RSDP: usize = 0;
/// Offset of the list's first pointer, which the crate `acpi` reads in place: the list's header comes before it.
pub(super) const POINTERS: usize = 128;
/// Offset of the list.
pub(super) const XSDT: usize = POINTERS - HEADER_BYTES as usize;
/// Size of a pointer.
pub(super) const POINTER_BYTES: usize = 8;

/// Where the tables lie in the copy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ImageLayout<'a> {
    /// The tables.
    tables: &'a [Table],
}

impl<'a> ImageLayout<'a> {
    /// A layout for these tables, which are no longer in total than the list of tables allows.
    pub(crate) const fn new(tables: &'a [Table]) -> Self {
        Self { tables }
    }

    /// How large the copy is.
    pub(crate) fn size_bytes(&self) -> usize {
        self.rooms().last().map_or(self.first_room(), |(_, room)| room.end)
    }

    /// The tables, and the room of each: as long as the table or the crate's longest struct.
    pub(super) fn rooms(&self) -> impl Iterator<Item = (&'a Table, Range<usize>)> {
        self.tables.iter().scan(self.first_room(), |start, table| {
            let length = usize::try_from(table.length_bytes).ok()?;
            let end = start.checked_add(length.max(FADT_BYTES).next_multiple_of(ALIGNMENT_BYTES))?;
            let room = *start..end;
            *start = end;
            Some((table, room))
        })
    }

    /// Where the first table lies.
    const fn first_room(&self) -> usize {
        (POINTERS + self.tables.len() * POINTER_BYTES).next_multiple_of(ALIGNMENT_BYTES)
    }
}
