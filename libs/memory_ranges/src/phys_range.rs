//! A range of physical memory in whole 4 KiB frames.

use crate::pages::{PAGE_BYTES, Pages};
use core::fmt;
use x86_64::PhysAddr;

/// The number of the last frame that a processor can address: physical addresses have 52 bits.
pub(crate) const LAST_FRAME: u64 = (1 << 52) / PAGE_BYTES - 1;

/// The last physical address: as an upper limit it allows everything.
pub const LAST_PHYS_ADDR: PhysAddr = PhysAddr::new((1 << 52) - 1);

/// Physical memory: never empty, whole 4 KiB frames, within 52 bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhysRange(Pages);

/// Why there is no such [`PhysRange`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhysRangeError {
    /// A range of no bytes.
    Empty,
    /// Start or size is not a multiple of 4 KiB.
    Unaligned {
        /// The start.
        start: PhysAddr,
        /// The size.
        size_bytes: u64,
    },
    /// The range reaches past 52 bits.
    TooLong {
        /// The start.
        start: PhysAddr,
        /// The size.
        size_bytes: u64,
    },
}

impl PhysRange {
    /// So many bytes from `start` on.
    pub fn new(start: PhysAddr, size_bytes: u64) -> Result<Self, PhysRangeError> {
        if size_bytes == 0 {
            return Err(PhysRangeError::Empty);
        }
        if !(start.as_u64() | size_bytes).is_multiple_of(PAGE_BYTES) {
            return Err(PhysRangeError::Unaligned { start, size_bytes });
        }
        Pages::from_count(start.as_u64() / PAGE_BYTES, size_bytes / PAGE_BYTES)
            .and_then(Self::from_pages)
            .ok_or(PhysRangeError::TooLong { start, size_bytes })
    }

    /// These frames, if they are within 52 bits.
    pub(crate) fn from_pages(pages: Pages) -> Option<Self> {
        (pages.last() <= LAST_FRAME).then_some(Self(pages))
    }

    /// The numbers of the frames.
    pub(crate) const fn pages(self) -> Pages {
        self.0
    }

    /// The first address.
    #[must_use]
    pub const fn start(self) -> PhysAddr {
        PhysAddr::new_truncate(self.0.first() * PAGE_BYTES)
    }

    /// The last address, not the one behind it: that can be too large for a [`PhysAddr`].
    #[must_use]
    pub const fn last(self) -> PhysAddr {
        PhysAddr::new_truncate(self.0.last() * PAGE_BYTES + (PAGE_BYTES - 1))
    }

    /// How many bytes, a multiple of 4 KiB.
    #[must_use]
    pub const fn size_bytes(self) -> u64 {
        self.0.size_bytes()
    }

    /// Whether all of `other` lies in here.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0.contains(other.0)
    }

    /// What both have in common.
    #[must_use]
    pub fn intersection(self, other: Self) -> Option<Self> {
        self.0.intersection(other.0).map(Self)
    }
}

impl fmt::Debug for PhysRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:#x}..={:#x}", self.start(), self.last())
    }
}

#[cfg(test)]
mod tests {
    use super::{LAST_PHYS_ADDR, PhysRange, PhysRangeError};
    use std::format;
    use x86_64::PhysAddr;

    #[test]
    fn refuses_what_is_not_whole_frames_within_52_bits() {
        let start = PhysAddr::new(0x1000);
        assert_eq!(PhysRange::new(start, 0), Err(PhysRangeError::Empty));
        let size_bytes = 0x1800;
        assert_eq!(
            PhysRange::new(start, size_bytes),
            Err(PhysRangeError::Unaligned { start, size_bytes })
        );
        let (unaligned, size_bytes) = (PhysAddr::new(0x1010), 0x1000);
        assert_eq!(
            PhysRange::new(unaligned, size_bytes),
            Err(PhysRangeError::Unaligned {
                start: unaligned,
                size_bytes
            })
        );
        for size_bytes in [1 << 52, 0u64.wrapping_sub(0x1000)] {
            assert_eq!(
                PhysRange::new(start, size_bytes),
                Err(PhysRangeError::TooLong { start, size_bytes })
            );
        }
    }

    #[test]
    fn the_last_frame_has_a_range() {
        let start = PhysAddr::new((1 << 52) - 0x1000);
        let range = PhysRange::new(start, 0x1000).unwrap();
        assert_eq!((range.start(), range.last()), (start, LAST_PHYS_ADDR));
        assert_eq!(format!("{range:?}"), "0xffffffffff000..=0xfffffffffffff");
    }
}
