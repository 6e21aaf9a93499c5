//! Contiguous physical memory that belongs to a value.

use super::{
    fill::zero,
    physical_memory::{self, ANY_ADDRESS},
};
use memory_ranges::{AllocateError, MemoryType, PAGE_BYTES, PhysRange};
use thiserror::Error;

/// Contiguous RAM. Dropping it frees the memory.
#[derive(Debug)]
pub struct OwnedRam {
    range: PhysRange,
    owner: MemoryType,
}

/// Why there is no memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AllocateRamError {
    #[error("the map of physical memory is not set up yet")]
    NotReady,
    #[error(transparent)]
    Refused(AllocateError),
}

impl OwnedRam {
    /// Allocates zeroed memory, a multiple of 4 KiB.
    pub fn allocate(size_bytes: u64, owner: MemoryType) -> Result<Self, AllocateRamError> {
        let mut memory = physical_memory::lock().ok_or(AllocateRamError::NotReady)?;
        let range = memory
            .allocate(size_bytes, PAGE_BYTES, ANY_ADDRESS, owner)
            .map_err(AllocateRamError::Refused)?;
        drop(memory);
        // SAFETY: The memory was just allocated.
        unsafe { zero(range) };
        Ok(Self { range, owner })
    }

    pub fn range(&self) -> PhysRange {
        self.range
    }
}

impl Drop for OwnedRam {
    fn drop(&mut self) {
        let Some(mut memory) = physical_memory::lock() else {
            return;
        };
        // SAFETY: The value's owner has no more use for the memory.
        let freed = unsafe { memory.free(self.range, self.owner) };
        // Logging is forbidden under the lock.
        drop(memory);
        if let Err(error) = freed {
            log::error!("Physical memory at {:?} cannot be freed: {error}", self.range);
        }
    }
}
