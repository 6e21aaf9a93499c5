//! Cuts a range into pages that are as large as they can be.

use x86_64::{PhysAddr, VirtAddr};

use crate::{frame::Frame, page::Page, page_size::PageSize};

/// The pages and frames of a range, in order. Its ends are multiples of 4 KiB and lie in their address spaces.
#[derive(Debug, Clone)]
pub(crate) struct Pieces {
    /// Where the range starts.
    start: VirtAddr,
    /// What it is mapped to.
    physical_start: PhysAddr,
    /// How long it is.
    length_bytes: u64,
    /// How much of it has been cut off.
    done_bytes: u64,
    /// The largest pages that may be used.
    max_page_size: PageSize,
}

impl Pieces {
    /// Cuts `length_bytes` bytes.
    pub(crate) const fn new(
        start: VirtAddr,
        physical_start: PhysAddr,
        length_bytes: u64,
        max_page_size: PageSize,
    ) -> Self {
        Self {
            start,
            physical_start,
            length_bytes,
            done_bytes: 0,
            max_page_size,
        }
    }
}

impl Iterator for Pieces {
    type Item = (Page, Frame);

    fn next(&mut self) -> Option<Self::Item> {
        let left_bytes = self.length_bytes - self.done_bytes;
        if left_bytes == 0 {
            return None;
        }
        let address = self.start + self.done_bytes;
        let physical_address = self.physical_start + self.done_bytes;
        let fits = |size: &PageSize| {
            *size <= self.max_page_size
                && size.bytes() <= left_bytes
                && address.is_aligned(size.bytes())
                && physical_address.is_aligned(size.bytes())
        };
        let size = PageSize::DESCENDING.into_iter().find(fits).unwrap_or(PageSize::_4KiB);
        self.done_bytes += size.bytes();
        Some((
            Page::containing(address, size),
            Frame::containing(physical_address, size),
        ))
    }
}
