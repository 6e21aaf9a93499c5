//! Physical and virtual addresses, and stretches of physical memory.
//!
//! The types of the crate `x86_64` are not used: they panic above 52 bits, and an address that firmware alleges may
//! be any 64-bit number. Here every number is an address; whether it can be reached is asked later.

use core::fmt;

/// Size of the smallest page, and the grain of everything that the loader reserves.
pub const PAGE_SIZE_BYTES: u64 = 4096;

/// Where the direct map of physical memory (HHDM) begins.
pub const HHDM_OFFSET: u64 = 0xffff_8000_0000_0000;

/// Physical memory from here on has no place in the direct map: 64 TiB, so that the map ends well below the kernel.
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

    /// The address `offset` bytes on, unless that wraps around.
    #[must_use]
    pub const fn checked_add(self, offset: u64) -> Option<Self> {
        match self.0.checked_add(offset) {
            Some(address) => Some(Self(address)),
            None => None,
        }
    }

    /// Where the direct map shows this address. Only right below [`DIRECT_MAP_LIMIT`].
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

    /// The address `offset` bytes on, unless that wraps around.
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

/// A stretch of physical memory, as somebody alleges it: it may be empty or run past the last address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// First byte.
    pub base: PhysAddr,
    /// How many bytes.
    pub length_bytes: u64,
}

impl Extent {
    /// A stretch of `length_bytes` from `base` on.
    #[must_use]
    pub const fn new(base: PhysAddr, length_bytes: u64) -> Self {
        Self { base, length_bytes }
    }

    /// The first byte behind it; the last address of all if it would wrap around.
    #[must_use]
    pub const fn end(&self) -> PhysAddr {
        PhysAddr(self.base.0.saturating_add(self.length_bytes))
    }

    /// The whole pages that hold it: rounded outwards, cut at [`DIRECT_MAP_LIMIT`].
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

/// The multiple of `alignment` (a power of two) at or below `number`.
pub(crate) const fn align_down(number: u64, alignment: u64) -> u64 {
    number & !(alignment - 1)
}

/// The multiple of `alignment` (a power of two) at or above `number`; the highest multiple if there is none.
pub(crate) const fn align_up(number: u64, alignment: u64) -> u64 {
    align_down(number.saturating_add(alignment - 1), alignment)
}
