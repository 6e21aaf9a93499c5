//! The pages of a window of the address space: which are free, and which are in use.
//!
//! A page may be freed only when no processor's TLB can still translate it; the kernel's `virtual_memory` waits for that.
//! What always holds: each page of the window is free or in use. An error changes nothing.

use crate::{
    address_range::VirtRange,
    interval_map::{IntervalMap, WrongValue},
    pages::{PAGE_BYTES, Pages},
};
use thiserror::Error;
use x86_64::VirtAddr;

/// The pages of a window of the address space. The kernel keeps it behind one lock; see the head of this crate.
#[derive(Debug, Clone)]
pub struct VirtualRanges {
    /// The state of each page of the window.
    pages: IntervalMap<PageState>,
}

/// The state of a page in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageState {
    /// It can be allocated.
    Free,
    /// It is allocated, as a page to map or as a guard page.
    Used,
}

/// Allocated pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VirtualAllocation {
    /// The pages with their guard pages: the range to free.
    pub whole: VirtRange,
    /// The pages between the guard pages: the range to map.
    pub pages: VirtRange,
}

/// Why no pages were allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "each error's text says what the error and its fields mean")]
pub enum AllocatePagesError {
    #[error("the number of pages is 0")]
    NoPages,
    #[error("no free range has {count} pages with {guard_pages} guard pages on each side")]
    NoFreeRange { count: u64, guard_pages: u64 },
}

/// Why pages keep their state. The address is the first that prevents the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "each error's text says what the error and its fields mean")]
pub enum PageStateError {
    #[error("{address:#x} is not in the window")]
    OutsideWindow { address: VirtAddr },
    #[error("the page at {address:#x} is free already")]
    NotInUse { address: VirtAddr },
}

impl VirtualRanges {
    /// A window whose pages are all free.
    #[must_use]
    pub fn new(window: VirtRange) -> Self {
        let mut pages = IntervalMap::new();
        pages.set(window.pages(), PageState::Free);
        Self { pages }
    }

    /// Allocates `count` pages side by side at the lowest place with `guard_pages` pages before and after them, which
    /// stay unmapped so that an access beyond either end faults.
    pub fn allocate_contiguous_pages(
        &mut self,
        count: u64,
        guard_pages: u64,
    ) -> Result<VirtualAllocation, AllocatePagesError> {
        if count == 0 {
            return Err(AllocatePagesError::NoPages);
        }
        let place = self.lowest_free(count, guard_pages);
        let (whole, pages) = place.ok_or(AllocatePagesError::NoFreeRange { count, guard_pages })?;
        self.pages.set(whole, PageState::Used);
        Ok(VirtualAllocation {
            whole: VirtRange::from_pages(whole),
            pages: VirtRange::from_pages(pages),
        })
    }

    /// Frees pages that are all in use, guard pages included.
    pub fn free(&mut self, range: VirtRange) -> Result<(), PageStateError> {
        let changed = self.pages.change(range.pages(), PageState::Used, PageState::Free);
        changed.map_err(|WrongValue { page, value }| {
            let address = VirtAddr::new_truncate(page * PAGE_BYTES);
            match value {
                None => PageStateError::OutsideWindow { address },
                Some(_) => PageStateError::NotInUse { address },
            }
        })
    }

    /// The state of the page at this address; `None` outside the window.
    #[must_use]
    pub fn state_at(&self, address: VirtAddr) -> Option<PageState> {
        let page = Pages::from_count(address.as_u64() / PAGE_BYTES, 1)?;
        self.pages.overlapping(page).next().map(|(_, state)| state)
    }

    /// Number of runs of pages in one state. Each takes some bytes of the heap.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.pages.len()
    }

    /// Whether these pages are in use and have pages in use on both sides, so that freeing them makes two more runs.
    #[must_use]
    pub fn is_within_used(&self, range: VirtRange) -> bool {
        let (first, last) = (range.pages().first(), range.pages().last());
        let mut runs = self.pages.overlapping(range.pages());
        let run = runs.next().filter(|(_, state)| *state == PageState::Used);
        run.is_some_and(|(run, _)| run.first() < first && last < run.last())
    }

    /// The lowest free place: the pages with their guard pages, and the pages alone.
    fn lowest_free(&self, count: u64, guard_pages: u64) -> Option<(Pages, Pages)> {
        let whole_count = guard_pages.checked_mul(2)?.checked_add(count)?;
        let mut free = self.pages.iter().filter(|(_, state)| *state == PageState::Free);
        let (run, _) = free.find(|(run, _)| run.count() >= whole_count)?;
        let whole = Pages::from_count(run.first(), whole_count)?;
        let pages = Pages::from_count(run.first() + guard_pages, count)?;
        Some((whole, pages))
    }
}
