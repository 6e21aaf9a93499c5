//! The size of pages and frames, and page numbers.

use core::ops::Range;

/// Size of a page and of a frame.
pub const PAGE_SIZE_BYTES: usize = 4096;

/// [`PAGE_SIZE_BYTES`] for addresses and file offsets.
pub(crate) const PAGE_BYTES: u64 = PAGE_SIZE_BYTES as u64;

/// Returns the numbers of the pages that a range of addresses touches, or of the frames that a range of file offsets touches.
pub(crate) const fn pages_touched(bytes: &Range<u64>) -> Range<u64> {
    bytes.start / PAGE_BYTES..bytes.end.div_ceil(PAGE_BYTES)
}

pub(crate) const fn count(numbers: &Range<u64>) -> u64 {
    numbers.end.saturating_sub(numbers.start)
}
