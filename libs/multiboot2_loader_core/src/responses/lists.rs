//! Responses that are a count and a list of pointers: the memory map and the modules.

use super::{File, response};
use crate::address::VirtAddr;
use crate::memory_map::Range;
use crate::pool::{Pool, PoolFull};

/// Size of the protocol's `struct limine_memmap_entry`.
const ENTRY_BYTES: usize = 24;

/// An entry of the published memory map. It may be invalid: tests publish invalid maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryMapEntry {
    /// First byte.
    pub base: u64,
    /// Size in bytes.
    pub length_bytes: u64,
    /// The protocol's number of the kind.
    pub kind: u64,
}

impl From<&Range> for MemoryMapEntry {
    fn from(range: &Range) -> Self {
        Self {
            base: range.base,
            length_bytes: range.end - range.base,
            kind: range.kind as u64,
        }
    }
}

impl MemoryMapEntry {
    /// Returns the entries in a file: three little-endian words each, in the protocol's layout. An incomplete one is left out.
    pub fn from_file(bytes: &[u8]) -> impl ExactSizeIterator<Item = Self> {
        bytes.as_chunks::<ENTRY_BYTES>().0.iter().map(|entry| {
            let mut words = entry.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word));
            let mut next = || words.next().unwrap_or(0);
            Self {
                base: next(),
                length_bytes: next(),
                kind: next(),
            }
        })
    }
}

/// Writes the memory map: the entries, then the pointers to them.
pub(super) fn memory_map_response(
    pool: &mut Pool<'_>,
    entries: impl ExactSizeIterator<Item = MemoryMapEntry>,
) -> Result<VirtAddr, PoolFull> {
    let count = entries.len();
    let (first, bytes) = pool.reserve(count.saturating_mul(ENTRY_BYTES))?;
    for (target, entry) in bytes.as_chunks_mut::<ENTRY_BYTES>().0.iter_mut().zip(entries) {
        let words = [entry.base, entry.length_bytes, entry.kind];
        for (slot, word) in target.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *slot = word.to_le_bytes();
        }
    }
    let list = pool.put_words((0..count).map(|index| first.as_u64() + (index * ENTRY_BYTES) as u64))?;
    response(pool, [count as u64, list.as_u64()])
}

/// Writes the modules.
pub(super) fn modules_response(pool: &mut Pool<'_>, files: &[File<'_>]) -> Result<VirtAddr, PoolFull> {
    let mut list = [0; crate::boot_information::MODULE_LIMIT];
    for (slot, file) in list.iter_mut().zip(files) {
        *slot = file.put(pool)?.as_u64();
    }
    let count = files.len().min(list.len());
    let list = pool.put_words(list.into_iter().take(count))?;
    response(pool, [count as u64, list.as_u64()])
}
