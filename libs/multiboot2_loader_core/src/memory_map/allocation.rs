//! A request for memory, and the reasons why it can fail.

use super::{RangeKind, TooManyRanges};
use crate::address::{FOUR_GIB, PAGE_SIZE_BYTES, PhysAddr};

/// A request for memory.
#[derive(Clone, Copy, Debug)]
pub struct Allocation {
    /// Purpose, for the error message.
    pub purpose: &'static str,
    /// Size in bytes; rounded up to whole pages.
    pub size_bytes: u64,
    /// Alignment, a power of two; at least a page is used.
    pub alignment_bytes: u64,
    /// Kind of the allocated range.
    pub kind: RangeKind,
    /// Lowest allowed address.
    pub minimum: u64,
    /// End of the allowed addresses (exclusive); at most 4 GiB.
    pub maximum: u64,
}

/// The reason why there is no memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllocationError {
    /// No usable range is large enough.
    #[error("out of memory: {size_bytes} bytes for {purpose} between {minimum:#x} and {maximum:#x}")]
    OutOfMemory {
        /// The purpose.
        purpose: &'static str,
        /// The requested size.
        size_bytes: u64,
        /// Lowest allowed address.
        minimum: u64,
        /// End of the allowed addresses (exclusive).
        maximum: u64,
    },
    /// The list is full.
    #[error(transparent)]
    TooManyRanges(#[from] TooManyRanges),
}

impl Allocation {
    /// Requests page-aligned memory anywhere between 1 MiB and 4 GiB.
    #[must_use]
    pub const fn new(purpose: &'static str, size_bytes: u64, kind: RangeKind) -> Self {
        Self {
            purpose,
            size_bytes,
            alignment_bytes: PAGE_SIZE_BYTES,
            kind,
            minimum: 1 << 20,
            maximum: FOUR_GIB,
        }
    }

    /// Changes the allowed addresses.
    #[must_use]
    pub const fn within(self, minimum: PhysAddr, maximum: PhysAddr) -> Self {
        Self {
            minimum: minimum.as_u64(),
            maximum: maximum.as_u64(),
            ..self
        }
    }

    /// Changes the alignment, a power of two.
    #[must_use]
    pub const fn aligned(self, alignment_bytes: u64) -> Self {
        Self {
            alignment_bytes,
            ..self
        }
    }
}
