//! A line of the log while it is put together, before it is shown to anybody.

use core::fmt::{self, Write};

/// Text of up to `CAPACITY` bytes.
pub(super) struct LineBuffer<const CAPACITY: usize> {
    /// Filled from the start.
    bytes: [u8; CAPACITY],
    /// How many are filled: always whole characters.
    length: usize,
}

impl<const CAPACITY: usize> LineBuffer<CAPACITY> {
    /// An empty line.
    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; CAPACITY],
            length: 0,
        }
    }

    /// What was written.
    pub(super) fn as_str(&self) -> &str {
        self.bytes
            .get(..self.length)
            .and_then(|bytes| str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }
}

impl<const CAPACITY: usize> Write for LineBuffer<CAPACITY> {
    /// Takes the piece whole, or fails and leaves the line as it is.
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let end = self.length.checked_add(piece.len()).ok_or(fmt::Error)?;
        let room = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        room.copy_from_slice(piece.as_bytes());
        self.length = end;
        Ok(())
    }
}
