//! How large a wanted range is and where it may begin.

use crate::pages::{PAGE_BYTES, Pages, align_down, align_up};

/// A size and an alignment in pages, both checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// How many pages, at least one.
    count: u64,
    /// The number of the first page is a multiple of this, a power of two.
    alignment: u64,
}

/// Why no range can look like that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShapeError {
    /// The size is no multiple of 4 KiB, or 0.
    Size {
        /// The size.
        size_bytes: u64,
    },
    /// The alignment is no power of two, or less than 4 KiB.
    Alignment {
        /// The alignment.
        alignment_bytes: u64,
    },
}

impl Shape {
    /// Checks a size and an alignment.
    pub(crate) fn new(size_bytes: u64, alignment_bytes: u64) -> Result<Self, ShapeError> {
        if size_bytes == 0 || !size_bytes.is_multiple_of(PAGE_BYTES) {
            return Err(ShapeError::Size { size_bytes });
        }
        if !alignment_bytes.is_power_of_two() || alignment_bytes < PAGE_BYTES {
            return Err(ShapeError::Alignment { alignment_bytes });
        }
        Ok(Self {
            count: size_bytes / PAGE_BYTES,
            alignment: alignment_bytes / PAGE_BYTES,
        })
    }

    /// The highest place for it in these pages.
    pub(crate) fn highest_in(self, pages: Pages) -> Option<Pages> {
        let first = align_down((pages.last() + 1).checked_sub(self.count)?, self.alignment);
        (first >= pages.first()).then(|| Pages::from_count(first, self.count))?
    }

    /// The lowest place for it in these pages.
    pub(crate) fn lowest_in(self, pages: Pages) -> Option<Pages> {
        let first = align_up(pages.first(), self.alignment)?;
        Pages::from_count(first, self.count).filter(|place| place.last() <= pages.last())
    }
}
