//! A segment that passed the checks: a run of pages side by side, all with the same permissions.
//!
//! In a segment that is not writable, pages are shared up to the first that cannot be: the last with bytes of the file,
//! when it reaches into the segment's zeros or past the end of the file. So a segment is three runs, each of which may be
//! empty: shared pages, copied pages, zeroed pages.
//!
//! What always holds (`segment_checks` sees to it): the segment has at least one byte and ends in the lower half; what it
//! takes from the file lies in the file, and at the same place in its frame as in its page. So no sum or difference below
//! comes near the limits of its type, and the saturating ones never saturate.

use crate::page_size::{PAGE_BYTES, count, pages_touched};
use crate::{FilePart, ModuleFrame, PagePermissions, PageSource, PlannedPage};
use core::ops::Range;
use x86_64::VirtAddr;
use x86_64::structures::paging::Page;

/// A segment that passed the checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The addresses of its bytes.
    memory: Range<u64>,
    /// The address behind the last byte that comes from the file.
    file_bytes_end: u64,
    /// Where in the file they begin.
    offset_bytes: u64,
    /// The number of the page behind the last that is shared.
    shared_end: u64,
    /// The number of the page behind the last with bytes from the file.
    copied_end: u64,
    /// What the program may do with each page.
    permissions: PagePermissions,
}

impl Segment {
    /// A segment at these addresses that begins with these bytes of the file, in a file of this size.
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

    /// The address of its first byte.
    pub(crate) const fn address(&self) -> u64 {
        self.memory.start
    }

    /// The numbers of its pages.
    pub(crate) const fn page_numbers(&self) -> Range<u64> {
        pages_touched(&self.memory)
    }

    /// Its pages.
    pub(crate) fn pages(&self) -> impl Iterator<Item = PlannedPage> {
        self.page_numbers().map(|number| PlannedPage {
            page: Page::containing_address(VirtAddr::new_truncate(number.saturating_mul(PAGE_BYTES))),
            source: self.source(number),
            permissions: self.permissions,
        })
    }

    /// How many of its pages take a frame.
    pub(crate) const fn pages_to_allocate(&self) -> u64 {
        count(&(self.shared_end..self.page_numbers().end))
    }

    /// Whether a program may run what lies at an address, because it is in here.
    pub(crate) fn is_code_at(&self, address: u64) -> bool {
        self.permissions == PagePermissions::ReadExecute && self.memory.contains(&address)
    }

    /// Where the bytes of one of its pages come from.
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

    /// What of the file lies in one of the pages with bytes of it.
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
