//! The size of a page, which is that of a frame, and the numbers of pages.

use core::ops::Range;

/// The size of a page and of a frame.
pub const PAGE_SIZE_BYTES: usize = 4096;

/// The same among addresses and places in a file.
pub(crate) const PAGE_BYTES: u64 = PAGE_SIZE_BYTES as u64;

/// The numbers of the pages that these addresses touch, or of the frames that these places in a file do.
pub(crate) const fn pages_touched(bytes: &Range<u64>) -> Range<u64> {
    bytes.start / PAGE_BYTES..bytes.end.div_ceil(PAGE_BYTES)
}

/// How many there are in a range that may be empty.
pub(crate) const fn count(numbers: &Range<u64>) -> u64 {
    numbers.end.saturating_sub(numbers.start)
}
