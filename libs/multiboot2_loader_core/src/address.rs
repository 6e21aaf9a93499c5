//! Physical and virtual addresses, and ranges of physical memory.
//!
//! The types of the crate `x86_64` are not used: they panic above 52 bits, but an address from firmware can be any 64-bit number.
//! Here every number is an address; later code checks whether it can be reached.

use core::fmt;

/// Size of the smallest page, and granularity of all memory that the loader reserves.
pub const PAGE_SIZE_BYTES: u64 = 4096;

/// Start of the direct map of physical memory (HHDM).
pub const HHDM_OFFSET: u64 = 0xffff_8000_0000_0000;

/// End of the physical memory that the direct map can hold (exclusive): 64 TiB, so that the map ends well below the kernel.
pub const DIRECT_MAP_LIMIT: u64 = 1 << 46;

/// First address that needs more than 32 bits.
pub const FOUR_GIB: u64 = 1 << 32;

/// A physical address, possibly one that does not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PhysAddr(u64);

impl PhysAddr {
    /// Wraps a number.
    #[must_use]
    pub const fn new(address: u64) -> Self {
        Self(address)
    }

    /// The number.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// Returns the address plus `offset` bytes; `None` on overflow.
    #[must_use]
    pub const fn checked_add(self, offset: u64) -> Option<Self> {
        match self.0.checked_add(offset) {
            Some(address) => Some(Self(address)),
            None => None,
        }
    }

    /// Returns the address in the direct map. Valid only below [`DIRECT_MAP_LIMIT`].
    #[must_use]
    pub const fn hhdm_alias(self) -> VirtAddr {
        VirtAddr(HHDM_OFFSET.wrapping_add(self.0))
    }
}

impl fmt::Display for PhysAddr {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:#x}", self.0)
    }
}

/// A virtual address in the kernel's final address space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct VirtAddr(u64);

impl VirtAddr {
    /// Wraps a number.
    #[must_use]
    pub const fn new(address: u64) -> Self {
        Self(address)
    }

    /// The number.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// Returns the address plus `offset` bytes; `None` on overflow.
    #[must_use]
    pub const fn checked_add(self, offset: u64) -> Option<Self> {
        match self.0.checked_add(offset) {
            Some(address) => Some(Self(address)),
            None => None,
        }
    }
}

impl fmt::Display for VirtAddr {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:#x}", self.0)
    }
}

/// An untrusted range of physical memory: it may be empty, or extend beyond the last address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// First byte.
    pub base: PhysAddr,
    /// Size in bytes.
    pub length_bytes: u64,
}

impl Extent {
    /// Creates a range of `length_bytes` bytes that starts at `base`.
    #[must_use]
    pub const fn new(base: PhysAddr, length_bytes: u64) -> Self {
        Self { base, length_bytes }
    }

    /// Returns the end (exclusive), or the last address of all on overflow.
    #[must_use]
    pub const fn end(&self) -> PhysAddr {
        PhysAddr(self.base.0.saturating_add(self.length_bytes))
    }

    /// Returns the whole pages that contain the range: rounded outwards, cut at [`DIRECT_MAP_LIMIT`].
    #[must_use]
    pub const fn pages(&self) -> Self {
        let base = align_down(self.base.0, PAGE_SIZE_BYTES);
        let end = align_up(
            if self.end().0 < DIRECT_MAP_LIMIT {
                self.end().0
            } else {
                DIRECT_MAP_LIMIT
            },
            PAGE_SIZE_BYTES,
        );
        Self {
            base: PhysAddr(base),
            length_bytes: if self.length_bytes == 0 {
                0
            } else {
                end.saturating_sub(base)
            },
        }
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:#x}..{:#x}", self.base.0, self.end().0)
    }
}

/// Rounds `number` down to a multiple of `alignment`, a power of two.
pub(crate) const fn align_down(number: u64, alignment: u64) -> u64 {
    number & !(alignment - 1)
}

/// Rounds `number` up to a multiple of `alignment`, a power of two; returns the highest multiple on overflow.
pub(crate) const fn align_up(number: u64, alignment: u64) -> u64 {
    align_down(number.saturating_add(alignment - 1), alignment)
}
