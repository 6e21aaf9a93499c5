//! Writes length and checksum of a table that was changed.

use crate::bytes::{put, sum};

/// Offset of the length in a table's header.
const LENGTH: usize = 4;
/// Offset of the checksum in a table's header.
const CHECKSUM: usize = 9;

/// Writes the length of `table` and its checksum into its header.
pub(super) fn set_length_and_checksum(table: &mut [u8]) {
    let length_bytes = u32::try_from(table.len()).unwrap_or(u32::MAX);
    put(table, LENGTH, length_bytes.to_le_bytes());
    set_checksum(table, CHECKSUM);
}

/// Sets the byte at `offset` so that the sum of all bytes is zero.
pub(super) fn set_checksum(bytes: &mut [u8], offset: usize) {
    put(bytes, offset, [0]);
    let checksum = sum(bytes).wrapping_neg();
    put(bytes, offset, [checksum]);
}
