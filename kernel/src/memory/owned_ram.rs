//! Contiguous physical memory that belongs to a value.

use super::physical_memory::{self, ANY_ADDRESS};
use memory_ranges::{AllocateError, MemoryType, PAGE_BYTES, PhysRange};

/// Contiguous RAM. Dropping it gives it back.
#[derive(Debug)]
pub struct OwnedRam {
    /// Which it is.
    range: PhysRange,
    /// Whom the map of memory names as its owner.
    owner: MemoryType,
}

/// Why there is no memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllocateRamError {
    /// The map of memory is not set up yet.
    NotReady,
    /// The map refuses.
    Refused(AllocateError),
}

impl OwnedRam {
    /// Allocates zeroed memory for this owner: whole pages.
    pub fn allocate(size_bytes: u64, owner: MemoryType) -> Result<Self, AllocateRamError> {
        let mut memory = physical_memory::lock().ok_or(AllocateRamError::NotReady)?;
        let range = memory
            .allocate(size_bytes, PAGE_BYTES, ANY_ADDRESS, owner)
            .map_err(AllocateRamError::Refused)?;
        // SAFETY: The memory has just been allocated, and all RAM is in the direct map.
        unsafe { physical_memory::zero(range) };
        Ok(Self { range, owner })
    }

    /// Which memory it is.
    pub fn range(&self) -> PhysRange {
        self.range
    }
}

impl Drop for OwnedRam {
    fn drop(&mut self) {
        let Some(mut memory) = physical_memory::lock() else {
            return;
        };
        // SAFETY: Whoever owned the value has no more use for the memory.
        let freed = unsafe { memory.free(self.range, self.owner) };
        // Nothing is logged under the lock.
        drop(memory);
        if let Err(error) = freed {
            log::error!("Memory cannot be given back: {error:?}");
        }
    }
}
