//! A block of memory for everything that the loader hands to the kernel: responses, strings, lists, tables.
//!
//! Always true: allocations do not overlap, each address is the kernel's address in the direct map, and memory that is allocated but not
//! written is zero.

use crate::address::VirtAddr;

/// A block that is allocated from its start.
#[derive(Debug)]
pub struct Pool<'a> {
    /// The block.
    bytes: &'a mut [u8],
    /// The kernel's address of its first byte.
    base: VirtAddr,
    /// Number of allocated bytes.
    used: usize,
}

/// The block is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {size_bytes} bytes for the kernel's responses are used up ({wanted_bytes} more are needed)")]
pub struct PoolFull {
    /// Size of the block.
    pub size_bytes: usize,
    /// The requested size.
    pub wanted_bytes: usize,
}

/// Returns the size of the block: a fixed part, and a part for each processor, memory range, and byte of a string.
#[must_use]
pub const fn size_bytes(processors: usize, ranges: usize, string_bytes: usize) -> u64 {
    (64 << 10) + 256 * processors as u64 + 32 * ranges as u64 + string_bytes as u64
}

impl<'a> Pool<'a> {
    /// Creates a pool in `bytes`, which the kernel will see at `base` (a multiple of 16).
    #[must_use]
    pub fn new(bytes: &'a mut [u8], base: VirtAddr) -> Self {
        bytes.fill(0);
        Self { bytes, base, used: 0 }
    }

    /// Allocates `size_bytes` zeros at a multiple of 16.
    ///
    /// # Errors
    /// The rest of the block is too small.
    pub fn reserve(&mut self, size_bytes: usize) -> Result<(VirtAddr, &mut [u8]), PoolFull> {
        let full = PoolFull {
            size_bytes: self.bytes.len(),
            wanted_bytes: size_bytes,
        };
        let start = self.used.next_multiple_of(16);
        let end = start.checked_add(size_bytes).ok_or(full)?;
        let bytes = self.bytes.get_mut(start..end).ok_or(full)?;
        let address = self.base.checked_add(start as u64).ok_or(full)?;
        self.used = end;
        Ok((address, bytes))
    }

    /// Copies bytes into the block.
    ///
    /// # Errors
    /// The rest of the block is too small.
    pub fn put_bytes(&mut self, bytes: &[u8]) -> Result<VirtAddr, PoolFull> {
        let (address, target) = self.reserve(bytes.len())?;
        target.copy_from_slice(bytes);
        Ok(address)
    }

    /// Copies a string into the block, and adds a NUL.
    ///
    /// # Errors
    /// The rest of the block is too small.
    pub fn put_string(&mut self, string: &str) -> Result<VirtAddr, PoolFull> {
        let (address, target) = self.reserve(string.len() + 1)?;
        if let Some((_, text)) = target.split_last_mut() {
            text.copy_from_slice(string.as_bytes());
        }
        Ok(address)
    }

    /// Copies words into the block, little-endian.
    ///
    /// # Errors
    /// The rest of the block is too small.
    pub fn put_words(&mut self, words: impl ExactSizeIterator<Item = u64>) -> Result<VirtAddr, PoolFull> {
        let (address, target) = self.reserve(words.len() * 8)?;
        let (slots, _) = target.as_chunks_mut::<8>();
        for (slot, word) in slots.iter_mut().zip(words) {
            *slot = word.to_le_bytes();
        }
        Ok(address)
    }
}
