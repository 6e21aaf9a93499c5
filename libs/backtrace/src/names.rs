//! Many short texts in a few pieces of memory.
//!
//! The texts stand one behind the other, each followed by a NUL, in chunks of one size: no allocation per text, and none so
//! large that a heap has trouble with it. What always holds: a text lies in one chunk whole.

use crate::SymbolTableError;
use alloc::{string::String, vec::Vec};

/// The size of a chunk. A place in one fits 16 bits.
const CHUNK_BYTES: usize = 1 << OFFSET_BITS;

/// How many bits of a [`NamePlace`] are the offset in the chunk.
const OFFSET_BITS: u32 = 16;

/// The longest name that fits a chunk with its NUL.
pub(crate) const MAX_LENGTH_BYTES: usize = CHUNK_BYTES - 1;

/// Names in chunks.
#[derive(Debug)]
pub(crate) struct Names {
    /// The chunks, of which only the last has room left.
    chunks: Vec<String>,
    /// The bytes of names, each with its NUL, that are still to be stored.
    expected_bytes: usize,
}

/// Where a name is: the number of its chunk, then its offset in there. Later names have greater places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NamePlace(u32);

impl Names {
    /// An empty store for names that take `expected_bytes`, counting a NUL for each.
    pub(crate) fn expecting(expected_bytes: usize) -> Self {
        Self {
            chunks: Vec::new(),
            expected_bytes,
        }
    }

    /// Stores a name without a NUL of [`MAX_LENGTH_BYTES`] at most.
    pub(crate) fn store(&mut self, name: &str) -> Result<NamePlace, SymbolTableError> {
        let needed_bytes = name.len() + 1;
        let has_room = |chunk: &String| chunk.capacity() - chunk.len() >= needed_bytes;
        if !self.chunks.last().is_some_and(has_room) {
            self.add_chunk(needed_bytes)?;
        }
        let number = self.chunks.len() - 1;
        let chunk = &mut self.chunks[number];
        let place = NamePlace::new(number, chunk.len())?;
        chunk.push_str(name);
        chunk.push('\0');
        self.expected_bytes = self.expected_bytes.saturating_sub(needed_bytes);
        Ok(place)
    }

    /// The name at a place that [`Self::store`] gave.
    pub(crate) fn get(&self, place: NamePlace) -> Option<&str> {
        let (name, _next) = self
            .chunks
            .get(place.chunk())?
            .get(place.offset()..)?
            .split_once('\0')?;
        Some(name)
    }

    /// How much of the heap the names take.
    pub(crate) fn heap_bytes(&self) -> usize {
        let chunks: usize = self.chunks.iter().map(String::capacity).sum();
        chunks + self.chunks.capacity() * size_of::<String>()
    }

    /// Adds a chunk, of less than the usual size where no more names are expected.
    fn add_chunk(&mut self, needed_bytes: usize) -> Result<(), SymbolTableError> {
        let size_bytes = self.expected_bytes.clamp(needed_bytes, CHUNK_BYTES);
        let out_of_memory = |_| SymbolTableError::OutOfMemory { size_bytes };
        let mut chunk = String::new();
        chunk.try_reserve_exact(size_bytes).map_err(out_of_memory)?;
        self.chunks.try_reserve(1).map_err(out_of_memory)?;
        self.chunks.push(chunk);
        Ok(())
    }
}

impl NamePlace {
    /// The place at an offset in a chunk. Only names of 4 GiB in total run out of places.
    fn new(chunk: usize, offset: usize) -> Result<Self, SymbolTableError> {
        u32::try_from((chunk << OFFSET_BITS) | offset)
            .map(Self)
            .map_err(|_| SymbolTableError::NamesTooLong {
                limit_bytes: u32::MAX as usize,
            })
    }

    /// The number of the chunk.
    fn chunk(self) -> usize {
        (self.0 >> OFFSET_BITS) as usize
    }

    /// The offset in the chunk.
    fn offset(self) -> usize {
        self.0 as usize % CHUNK_BYTES
    }
}
