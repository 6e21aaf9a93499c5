//! A run of whole 4 KiB pages, by number: the unit of all bookkeeping in this crate.
//!
//! A page's number is its address divided by 4 KiB. Unlike an exclusive end address, the number of the last page always
//! exists, even at the end of the address space. What always holds: `first <= last`.

use nodit::{InclusiveInterval, Interval};
use x86_64::structures::paging::{PageSize, Size4KiB};

/// Size of the smallest page, in bytes.
pub const PAGE_BYTES: u64 = Size4KiB::SIZE;

/// The pages `first..=last`. Also the key type of the interval trees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Pages {
    first: u64,
    last: u64,
}

impl Pages {
    pub(crate) const fn new(first: u64, last: u64) -> Option<Self> {
        if first <= last {
            Some(Self { first, last })
        } else {
            None
        }
    }

    /// `count` pages from `first` on; `None` if `count` is 0 or the numbers overflow.
    pub(crate) fn from_count(first: u64, count: u64) -> Option<Self> {
        Self::new(first, first.checked_add(count.checked_sub(1)?)?)
    }

    pub(crate) const fn first(self) -> u64 {
        self.first
    }

    pub(crate) const fn last(self) -> u64 {
        self.last
    }

    pub(crate) const fn count(self) -> u64 {
        (self.last - self.first).saturating_add(1)
    }

    pub(crate) const fn size_bytes(self) -> u64 {
        self.count().saturating_mul(PAGE_BYTES)
    }

    pub(crate) const fn contains(self, other: Self) -> bool {
        self.first <= other.first && other.last <= self.last
    }

    pub(crate) fn intersection(self, other: Self) -> Option<Self> {
        Self::new(self.first.max(other.first), self.last.min(other.last))
    }

    /// The highest run of `count` pages in here whose first number is a multiple of `alignment`, a power of two.
    pub(crate) fn highest_place(self, count: u64, alignment: u64) -> Option<Self> {
        let highest_first = self.last.checked_add(1)?.checked_sub(count)?;
        let first = highest_first & !(alignment - 1);
        if first < self.first {
            return None;
        }
        Self::from_count(first, count)
    }
}

impl InclusiveInterval<u64> for Pages {
    fn start(&self) -> &u64 {
        &self.first
    }

    fn end(&self) -> &u64 {
        &self.last
    }
}

impl From<Interval<u64>> for Pages {
    fn from(interval: Interval<u64>) -> Self {
        Self {
            first: *interval.start(),
            last: *interval.end(),
        }
    }
}
