//! A validated segment: contiguous pages with the same permissions.
//!
//! A segment consists of three runs of pages, each of which may be empty: shared, copied, zeroed. Pages of a writable segment are never
//! shared. In other segments the last page with bytes of the file cannot be shared if it also holds zeros of the segment, or if the
//! file ends inside its frame.
//!
//! Always true (checked in `segment_checks`): the segment has at least one byte and ends in the lower half; its bytes lie inside the
//! file, at the same offset in their frame as in their page. So no sum or difference below overflows, and the saturating
//! operations never saturate.

use crate::page_size::{PAGE_BYTES, count, pages_touched};
use crate::{FilePart, ModuleFrame, PagePermissions, PageSource, PlannedPage};
use core::ops::Range;
use x86_64::VirtAddr;
use x86_64::structures::paging::Page;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Addresses of its bytes.
    memory: Range<u64>,
    /// End address of the bytes that come from the file (exclusive).
    file_bytes_end: u64,
    /// Offset of these bytes in the file.
    offset_bytes: u64,
    /// Page number after the last shared page.
    shared_end: u64,
    /// Page number after the last page with bytes of the file.
    copied_end: u64,
    permissions: PagePermissions,
}

impl Segment {
    /// Creates a segment at the addresses `memory` that starts with the range `bytes` of a file of `file_bytes` bytes.
    pub(crate) fn new(memory: Range<u64>, bytes: Range<u64>, permissions: PagePermissions, file_bytes: u64) -> Self {
        let file_bytes_end = memory.start.saturating_add(count(&bytes));
        let pages = pages_touched(&memory);
        let copied_end = if bytes.is_empty() {
            pages.start
        } else {
            file_bytes_end.div_ceil(PAGE_BYTES)
        };
        let without_zeros_end = if file_bytes_end == memory.end {
            copied_end
        } else {
            file_bytes_end / PAGE_BYTES
        };
        let whole_frames = count(&(bytes.start / PAGE_BYTES..file_bytes / PAGE_BYTES));
        let shared_end = match permissions {
            PagePermissions::ReadWrite => pages.start,
            PagePermissions::ReadOnly | PagePermissions::ReadExecute => {
                without_zeros_end.min(pages.start.saturating_add(whole_frames))
            }
        };
        Self {
            memory,
            file_bytes_end,
            offset_bytes: bytes.start,
            shared_end,
            copied_end,
            permissions,
        }
    }

    pub(crate) const fn address(&self) -> u64 {
        self.memory.start
    }

    pub(crate) const fn page_numbers(&self) -> Range<u64> {
        pages_touched(&self.memory)
    }

    pub(crate) fn pages(&self) -> impl Iterator<Item = PlannedPage> {
        self.page_numbers().map(|number| PlannedPage {
            page: Page::containing_address(VirtAddr::new_truncate(number.saturating_mul(PAGE_BYTES))),
            source: self.source(number),
            permissions: self.permissions,
        })
    }

    pub(crate) const fn pages_to_allocate(&self) -> u64 {
        count(&(self.shared_end..self.page_numbers().end))
    }

    pub(crate) fn is_code_at(&self, address: u64) -> bool {
        self.permissions == PagePermissions::ReadExecute && self.memory.contains(&address)
    }

    fn source(&self, number: u64) -> PageSource {
        if number < self.shared_end {
            let pages_before = count(&(self.page_numbers().start..number));
            PageSource::Shared(ModuleFrame {
                number: (self.offset_bytes / PAGE_BYTES).saturating_add(pages_before),
            })
        } else if number < self.copied_end {
            PageSource::Copied(self.file_part(number))
        } else {
            PageSource::Zeroed
        }
    }

    fn file_part(&self, number: u64) -> FilePart {
        let page_start = number.saturating_mul(PAGE_BYTES);
        let page_end = page_start.saturating_add(PAGE_BYTES);
        let part = page_start.max(self.memory.start)..page_end.min(self.file_bytes_end);
        let bytes_before = count(&(self.memory.start..part.start));
        FilePart {
            offset_bytes: self.offset_bytes.saturating_add(bytes_before),
            offset_in_page_bytes: count(&(page_start..part.start)),
            size_bytes: count(&part),
        }
    }
}
