//! What is wanted of the memory map, and why it may have nothing.

use super::{RangeKind, TooManyRanges};
use crate::address::{FOUR_GIB, PAGE_SIZE_BYTES, PhysAddr};

/// A wish for memory.
#[derive(Clone, Copy, Debug)]
pub struct Allocation {
    /// What it is for: only for the message when there is none.
    pub purpose: &'static str,
    /// How much; rounded up to whole pages.
    pub size_bytes: u64,
    /// A power of two; at least a page is taken.
    pub alignment_bytes: u64,
    /// What the range becomes.
    pub kind: RangeKind,
    /// The first address allowed.
    pub minimum: u64,
    /// The first address behind what is allowed; never above 4 GiB.
    pub maximum: u64,
}

/// Why there is no memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllocationError {
    /// No usable range is large enough.
    #[error("out of memory: {size_bytes} bytes for {purpose} between {minimum:#x} and {maximum:#x}")]
    OutOfMemory {
        /// What it was for.
        purpose: &'static str,
        /// How much was wished for.
        size_bytes: u64,
        /// The first address allowed.
        minimum: u64,
        /// The first address behind what was allowed.
        maximum: u64,
    },
    /// No room in the list.
    #[error(transparent)]
    TooManyRanges(#[from] TooManyRanges),
}

impl Allocation {
    /// Page-aligned memory anywhere between 1 MiB and 4 GiB.
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

    /// The same between other addresses.
    #[must_use]
    pub const fn within(self, minimum: PhysAddr, maximum: PhysAddr) -> Self {
        Self {
            minimum: minimum.as_u64(),
            maximum: maximum.as_u64(),
            ..self
        }
    }

    /// The same with another alignment, a power of two.
    #[must_use]
    pub const fn aligned(self, alignment_bytes: u64) -> Self {
        Self {
            alignment_bytes,
            ..self
        }
    }
}
