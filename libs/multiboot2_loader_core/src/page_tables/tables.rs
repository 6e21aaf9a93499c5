//! Destinations of page tables: memory, or a counter.

use crate::address::{Extent, PAGE_SIZE_BYTES, PhysAddr};
use crate::physical_memory::{OutOfReach, PhysicalMemory};

/// A table without entries.
const EMPTY_TABLE: [u8; 4096] = [0; 4096];

/// The reason why the tables could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageTableError {
    /// There is not enough memory.
    #[error("{frames} frames are not enough for the page tables")]
    OutOfFrames {
        /// Number of frames.
        frames: u64,
    },
    /// The memory cannot be written.
    #[error(transparent)]
    OutOfReach(#[from] OutOfReach),
}

/// A destination of tables.
pub(super) trait Tables {
    /// The error of the destination.
    type Error;
    /// Starts an empty table.
    fn begin_table(&mut self) -> Result<PhysAddr, Self::Error>;
    /// Sets an entry.
    fn set_entry(&mut self, table: PhysAddr, index: u64, entry: u64) -> Result<(), Self::Error>;
}

/// Counts tables, and writes none.
#[derive(Default)]
pub(super) struct Counter {
    /// Number of tables.
    frames: u64,
}

impl Counter {
    /// Number of tables.
    pub(super) const fn frames(&self) -> u64 {
        self.frames
    }
}

impl Tables for Counter {
    type Error = core::convert::Infallible;

    fn begin_table(&mut self) -> Result<PhysAddr, Self::Error> {
        self.frames += 1;
        Ok(PhysAddr::new(0))
    }

    fn set_entry(&mut self, _table: PhysAddr, _index: u64, _entry: u64) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// Writes tables, one after the other.
pub(super) struct Writer<'m, M> {
    /// The memory to write to.
    memory: &'m mut M,
    /// The frames that the tables may use.
    frames: Extent,
    /// Number of used frames.
    used: u64,
}

impl<'m, M> Writer<'m, M> {
    /// Creates a destination in `frames`.
    pub(super) const fn new(memory: &'m mut M, frames: Extent) -> Self {
        Self {
            memory,
            frames,
            used: 0,
        }
    }
}

impl<M: PhysicalMemory> Tables for Writer<'_, M> {
    type Error = PageTableError;

    fn begin_table(&mut self) -> Result<PhysAddr, Self::Error> {
        let frames = self.frames.length_bytes / PAGE_SIZE_BYTES;
        if self.used >= frames {
            return Err(PageTableError::OutOfFrames { frames });
        }
        let table = PhysAddr::new(self.frames.base.as_u64() + self.used * PAGE_SIZE_BYTES);
        self.memory.write(table, &EMPTY_TABLE)?;
        self.used += 1;
        Ok(table)
    }

    fn set_entry(&mut self, table: PhysAddr, index: u64, entry: u64) -> Result<(), Self::Error> {
        Ok(self
            .memory
            .write(PhysAddr::new(table.as_u64() + index * 8), &entry.to_le_bytes())?)
    }
}
