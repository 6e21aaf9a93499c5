//! A range of virtual addresses in whole 4 KiB pages.

use crate::pages::{PAGE_BYTES, Pages};
use core::fmt;
use x86_64::VirtAddr;

/// The number of the last page of the lower half (of 48-bit addresses).
const LAST_LOWER_PAGE: u64 = (1 << 47) / PAGE_BYTES - 1;

/// The number of the first page of the higher half.
const FIRST_HIGHER_PAGE: u64 = 0xffff_8000_0000_0000 / PAGE_BYTES;

/// The number of the last page of all.
const LAST_PAGE: u64 = u64::MAX / PAGE_BYTES;

/// Virtual addresses: never empty, whole 4 KiB pages, all canonical, in one half of the address space.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VirtRange(Pages);

/// Why there is no such [`VirtRange`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VirtRangeError {
    /// A range of no bytes.
    Empty,
    /// Start or size is not a multiple of 4 KiB.
    Unaligned {
        /// The start.
        start: VirtAddr,
        /// The size.
        size_bytes: u64,
    },
    /// The range leaves the half of the address space where it starts.
    TooLong {
        /// The start.
        start: VirtAddr,
        /// The size.
        size_bytes: u64,
    },
}

impl VirtRange {
    /// So many bytes from `start` on.
    pub fn new(start: VirtAddr, size_bytes: u64) -> Result<Self, VirtRangeError> {
        if size_bytes == 0 {
            return Err(VirtRangeError::Empty);
        }
        if !(start.as_u64() | size_bytes).is_multiple_of(PAGE_BYTES) {
            return Err(VirtRangeError::Unaligned { start, size_bytes });
        }
        Pages::from_count(start.as_u64() / PAGE_BYTES, size_bytes / PAGE_BYTES)
            .and_then(Self::from_pages)
            .ok_or(VirtRangeError::TooLong { start, size_bytes })
    }

    /// These pages, if they are in one half.
    pub(crate) fn from_pages(pages: Pages) -> Option<Self> {
        let lower = pages.last() <= LAST_LOWER_PAGE;
        let higher = pages.first() >= FIRST_HIGHER_PAGE && pages.last() <= LAST_PAGE;
        (lower || higher).then_some(Self(pages))
    }

    /// The numbers of the pages.
    pub(crate) const fn pages(self) -> Pages {
        self.0
    }

    /// The first address.
    #[must_use]
    pub const fn start(self) -> VirtAddr {
        VirtAddr::new_truncate(self.0.first() * PAGE_BYTES)
    }

    /// The last address, not the one behind it: that of the last page is no address.
    #[must_use]
    pub const fn last(self) -> VirtAddr {
        VirtAddr::new_truncate(self.0.last() * PAGE_BYTES + (PAGE_BYTES - 1))
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
}

impl fmt::Debug for VirtRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:#x}..={:#x}", self.start(), self.last())
    }
}

#[cfg(test)]
mod tests {
    use super::{VirtRange, VirtRangeError};
    use x86_64::VirtAddr;

    #[test]
    fn refuses_a_range_that_leaves_its_half() {
        let start = VirtAddr::new(0x7fff_ffff_f000);
        assert!(VirtRange::new(start, 0x1000).is_ok());
        for size_bytes in [0x2000, 0xffff_0000_0000_2000] {
            assert_eq!(
                VirtRange::new(start, size_bytes),
                Err(VirtRangeError::TooLong { start, size_bytes })
            );
        }
    }

    #[test]
    fn the_last_page_has_a_range() {
        let start = VirtAddr::new(0xffff_ffff_ffff_f000);
        let range = VirtRange::new(start, 0x1000).unwrap();
        assert_eq!((range.start(), range.last().as_u64()), (start, u64::MAX));
        let size_bytes = 0x2000;
        assert_eq!(
            VirtRange::new(start, size_bytes),
            Err(VirtRangeError::TooLong { start, size_bytes })
        );
    }

    #[test]
    fn refuses_what_is_not_whole_pages() {
        let (start, size_bytes) = (VirtAddr::new(0x1000), 0x10);
        assert_eq!(
            VirtRange::new(start, size_bytes),
            Err(VirtRangeError::Unaligned { start, size_bytes })
        );
        assert_eq!(VirtRange::new(start, 0), Err(VirtRangeError::Empty));
    }
}
