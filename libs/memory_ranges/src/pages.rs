//! A run of whole 4 KiB pages by number: what all bookkeeping of this crate counts in.
//!
//! A page's number is its address divided by 4 KiB, so the last page of the address space has a number too, and the end
//! of a run can be named without going past it. What always holds: `first <= last`.

/// Bytes in the smallest page.
pub const PAGE_BYTES: u64 = 4096;

/// The pages `first..=last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Pages {
    /// The number of the first page.
    first: u64,
    /// The number of the last page.
    last: u64,
}

impl Pages {
    /// The pages `first..=last`, if there are any.
    pub(crate) const fn new(first: u64, last: u64) -> Option<Self> {
        if first <= last {
            Some(Self { first, last })
        } else {
            None
        }
    }

    /// So many pages from `first` on; `None` for no pages, or for more than there are numbers.
    pub(crate) fn from_count(first: u64, count: u64) -> Option<Self> {
        Self::new(first, first.checked_add(count.checked_sub(1)?)?)
    }

    /// The number of the first page.
    pub(crate) const fn first(self) -> u64 {
        self.first
    }

    /// The number of the last page.
    pub(crate) const fn last(self) -> u64 {
        self.last
    }

    /// How many bytes the pages hold. No run here has 2^52 pages, the number that would not fit.
    pub(crate) const fn size_bytes(self) -> u64 {
        (self.last - self.first).saturating_add(1).saturating_mul(PAGE_BYTES)
    }

    /// Whether `other` lies in here as a whole.
    pub(crate) const fn contains(self, other: Self) -> bool {
        self.first <= other.first && other.last <= self.last
    }

    /// The pages that are in both.
    pub(crate) fn intersection(self, other: Self) -> Option<Self> {
        Self::new(self.first.max(other.first), self.last.min(other.last))
    }
}

/// The smallest multiple of `alignment` (a power of two) that is not below `number`.
pub(crate) fn align_up(number: u64, alignment: u64) -> Option<u64> {
    let mask = alignment.checked_sub(1)?;
    Some(number.checked_add(mask)? & !mask)
}

/// The largest multiple of `alignment` (a power of two) that is not above `number`.
pub(crate) const fn align_down(number: u64, alignment: u64) -> u64 {
    number & !alignment.saturating_sub(1)
}
