//! Which pages of a window of the address space are given out.
//!
//! A freed page may still be in a processor's translation buffer. Until all have forgotten it, it is *quarantined*:
//! neither given out nor in use. What always holds: each page of the window is free, in use or quarantined. An error
//! changes nothing.

use crate::{
    pages::{PAGE_BYTES, Pages},
    shape::{Shape, ShapeError},
    tiling::{Tiling, TilingError},
    virt_range::VirtRange,
};
use x86_64::VirtAddr;

/// The pages of a window of the address space. Kept under one lock; see the head of this crate.
#[derive(Debug, Clone)]
pub struct VirtualRanges {
    /// Each page of the window, [`PageState::Free`] or [`PageState::Used`], where what is quarantined counts as used.
    pages: Tiling<PageState>,
    /// The pages that are quarantined. Apart, so that pages in use and quarantined by turns do not cut the other map
    /// into ever more runs.
    quarantined: Tiling<()>,
    /// All pages there are.
    window: VirtRange,
}

/// What may be done with a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageState {
    /// It can be given out.
    Free,
    /// It is given out, as a page to map or as a guard.
    Used,
    /// It was given back, and cannot be given out yet.
    Quarantined,
}

/// How many 4 KiB pages stay unmapped on either side, so that running out of the pages between is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guards {
    /// Pages before.
    pub below: u64,
    /// Pages behind.
    pub above: u64,
}

impl Guards {
    /// None on either side.
    pub const NONE: Self = Self { below: 0, above: 0 };

    /// Only below, where a stack runs over.
    #[must_use]
    pub const fn below(pages: u64) -> Self {
        Self { below: pages, above: 0 }
    }

    /// The same on both sides.
    #[must_use]
    pub const fn around(pages: u64) -> Self {
        Self {
            below: pages,
            above: pages,
        }
    }
}

/// Pages that were given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VirtualAllocation {
    /// The pages with their guards: to be given back.
    pub whole: VirtRange,
    /// The pages between the guards: to be mapped.
    pub pages: VirtRange,
}

/// When freed pages can be given out again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reuse {
    /// At once: they were never mapped, or every processor has forgotten them.
    AtOnce,
    /// After [`VirtualRanges::release_quarantine`].
    AfterQuarantine,
}

/// Why no pages were given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllocatePagesError {
    /// No range can look like that.
    Shape(ShapeError),
    /// Pages and guards together are more than an address space has.
    TooMany {
        /// How many pages were asked for.
        count: u64,
        /// The size of each.
        page_bytes: u64,
        /// The guards.
        guards: Guards,
    },
    /// No free range is large enough.
    NoFreeRange {
        /// The size that was asked for, with its guards.
        size_bytes: u64,
        /// How much is quarantined.
        quarantined_bytes: u64,
    },
    /// The interval tree refused.
    BookkeepingRefused,
}

/// Why pages keep their state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageStateError {
    /// This address is not in the window.
    OutsideWindow {
        /// The first such address.
        address: VirtAddr,
    },
    /// This page is in another state than it has to be in.
    WrongState {
        /// The first such address.
        address: VirtAddr,
        /// Its state.
        state: PageState,
    },
    /// The interval tree refused.
    BookkeepingRefused,
}

impl VirtualRanges {
    /// A window, all free.
    pub fn new(window: VirtRange) -> Result<Self, PageStateError> {
        let mut pages = Tiling::new();
        pages.add(window.pages(), PageState::Free).map_err(page_state_error)?;
        Ok(Self {
            pages,
            quarantined: Tiling::new(),
            window,
        })
    }

    /// All pages there are.
    #[must_use]
    pub const fn window(&self) -> VirtRange {
        self.window
    }

    /// Gives out pages side by side: the lowest that are free. The first one lies at a multiple of its size.
    pub fn allocate_contiguous_pages(
        &mut self,
        count: u64,
        page_bytes: u64,
        guards: Guards,
    ) -> Result<VirtualAllocation, AllocatePagesError> {
        let too_many = AllocatePagesError::TooMany {
            count,
            page_bytes,
            guards,
        };
        let size_bytes = count.checked_mul(page_bytes).ok_or(too_many)?;
        let shape = Shape::new(size_bytes, page_bytes).map_err(AllocatePagesError::Shape)?;
        let guard_bytes = guards.below.checked_add(guards.above);
        let guard_bytes = guard_bytes.and_then(|pages| pages.checked_mul(PAGE_BYTES));
        let whole_bytes = guard_bytes.and_then(|bytes| bytes.checked_add(size_bytes));
        let whole_bytes = whole_bytes.ok_or(too_many)?;
        let Some((whole, pages)) = self.lowest_free(shape, guards) else {
            return Err(AllocatePagesError::NoFreeRange {
                size_bytes: whole_bytes,
                quarantined_bytes: self.bytes_of(PageState::Quarantined),
            });
        };
        let transferred = self.pages.transfer(whole, PageState::Free, PageState::Used);
        transferred.map_err(|_| AllocatePagesError::BookkeepingRefused)?;
        let ranges = VirtRange::from_pages(whole).zip(VirtRange::from_pages(pages));
        let (whole, pages) = ranges.ok_or(AllocatePagesError::BookkeepingRefused)?;
        Ok(VirtualAllocation { whole, pages })
    }

    /// Gives out exactly these pages.
    pub fn allocate_at(&mut self, range: VirtRange) -> Result<(), PageStateError> {
        self.check_not_quarantined(range)?;
        let transferred = self.pages.transfer(range.pages(), PageState::Free, PageState::Used);
        transferred.map_err(page_state_error)
    }

    /// Takes pages back that are all in use, with the guards if there are any.
    pub fn free(&mut self, range: VirtRange, reuse: Reuse) -> Result<(), PageStateError> {
        self.check_not_quarantined(range)?;
        match reuse {
            Reuse::AtOnce => {
                let transferred = self.pages.transfer(range.pages(), PageState::Used, PageState::Free);
                transferred.map_err(page_state_error)
            }
            Reuse::AfterQuarantine => {
                let checked = self.pages.check(range.pages(), PageState::Used);
                checked.map_err(page_state_error)?;
                let added = self.quarantined.add(range.pages(), ());
                added.map_err(|_| PageStateError::BookkeepingRefused)
            }
        }
    }

    /// Frees all that is quarantined, and says how many bytes that are. No processor may remember any of it.
    pub fn release_quarantine(&mut self) -> Result<u64, PageStateError> {
        let mut released_bytes = 0;
        loop {
            let Some((range, ())) = self.quarantined.iter().next() else {
                return Ok(released_bytes);
            };
            let transferred = self.pages.transfer(range, PageState::Used, PageState::Free);
            transferred.map_err(page_state_error)?;
            self.quarantined.clear(range);
            released_bytes += range.size_bytes();
        }
    }

    /// The state of the page at this address, if it is in the window.
    #[must_use]
    pub fn state_at(&self, address: VirtAddr) -> Option<PageState> {
        let page = address.as_u64() / PAGE_BYTES;
        let page = Pages::new(page, page)?;
        if self.quarantined.overlapping(page).next().is_some() {
            return Some(PageState::Quarantined);
        }
        self.pages.overlapping(page).next().map(|(_, state)| state)
    }

    /// How many runs of pages in one state there are, the quarantine apart. The bookkeeping takes some bytes of the heap for each.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.pages.runs()
    }

    /// Whether pages in use lie on both sides of these, which are in use too: to free these makes two more runs.
    #[must_use]
    pub fn is_within_used(&self, range: VirtRange) -> bool {
        let (first, last) = (range.pages().first(), range.pages().last());
        let mut holders = self.pages.overlapping(range.pages());
        let holder = holders.next().filter(|(_, state)| *state == PageState::Used);
        holder.is_some_and(|(holder, _)| holder.first() < first && last < holder.last())
    }

    /// How many bytes are in this state.
    #[must_use]
    pub fn bytes_of(&self, state: PageState) -> u64 {
        let quarantined_bytes = self.quarantined.iter().map(|(range, ())| range.size_bytes()).sum();
        if state == PageState::Quarantined {
            return quarantined_bytes;
        }
        let in_state = self.pages.iter().filter(|(_, other)| *other == state);
        let bytes: u64 = in_state.map(|(range, _)| range.size_bytes()).sum();
        match state {
            PageState::Used => bytes - quarantined_bytes,
            _ => bytes,
        }
    }

    /// An error if any of these pages is quarantined.
    fn check_not_quarantined(&self, range: VirtRange) -> Result<(), PageStateError> {
        match self.quarantined.overlapping(range.pages()).next() {
            None => Ok(()),
            Some((quarantined, ())) => {
                let page = quarantined.first().max(range.pages().first());
                Err(PageStateError::WrongState {
                    address: VirtAddr::new_truncate(page * PAGE_BYTES),
                    state: PageState::Quarantined,
                })
            }
        }
    }

    /// The lowest free place for the pages and their guards, and for the pages alone.
    fn lowest_free(&self, shape: Shape, guards: Guards) -> Option<(Pages, Pages)> {
        let mut free = self.pages.iter().filter(|(_, state)| *state == PageState::Free);
        free.find_map(|(range, _)| {
            let first = range.first().checked_add(guards.below)?;
            let last = range.last().checked_sub(guards.above)?;
            let pages = shape.lowest_in(Pages::new(first, last)?)?;
            let whole = Pages::new(pages.first() - guards.below, pages.last() + guards.above)?;
            Some((whole, pages))
        })
    }
}

/// Tells the tiling's error in the words of the address space.
fn page_state_error(error: TilingError<PageState>) -> PageStateError {
    let address = |page: u64| VirtAddr::new_truncate(page * PAGE_BYTES);
    match error {
        TilingError::Absent { page } => PageStateError::OutsideWindow { address: address(page) },
        TilingError::Different { page, value } => PageStateError::WrongState {
            address: address(page),
            state: value,
        },
        TilingError::Refused => PageStateError::BookkeepingRefused,
    }
}
