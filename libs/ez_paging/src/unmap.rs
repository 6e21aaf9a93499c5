//! Unmapping pages, and changing how they are mapped.
//!
//! As in mapping, everything is checked before anything is changed.

use x86_64::{VirtAddr, structures::paging::page_table::PageTableLevel};

use crate::{
    configurable_flags::ConfigurableFlags,
    entry::{Content, Entry},
    errors::{Existing, MappedPageError, UnmapRangeError},
    flush::Flush,
    frame::Frame,
    half::Half,
    managed_l4_page_table::ManagedL4PageTable,
    page::Page,
    page_size::PageSize,
    page_table_memory::PageTableMemory,
    walk::Walk,
};

/// What comes of unmapping a page.
#[derive(Debug)]
pub struct Unmapped<M: PageTableMemory> {
    /// The frame that the page was mapped to. It is free for other uses once the flush is done.
    pub frame: Frame,
    /// What is left to do.
    pub flush: Flush<M>,
}

impl<M: PageTableMemory> ManagedL4PageTable<M> {
    /// Unmaps `page`.
    ///
    /// # Safety
    ///
    /// - Nothing uses the page any more.
    /// - The flush is dropped, and the page mapped again, only after no CPU remembers what the flush names. In the lower half
    ///   nothing at all is mapped before that.
    pub unsafe fn unmap_page(&mut self, page: Page) -> Result<Unmapped<M>, MappedPageError> {
        let (walk, frame) = self.find(page)?;
        let mut flush = Flush::nothing(self.config().memory());
        self.remove(walk, page, &mut flush);
        Ok(Unmapped { frame, flush })
    }

    /// Unmaps all pages of a range in which every address is mapped, and tells `on_frame` each frame. Frames are free for
    /// other uses once the flush is done.
    ///
    /// # Safety
    ///
    /// The same as of [`Self::unmap_page`], for all pages of the range.
    pub unsafe fn unmap_range(
        &mut self,
        start: VirtAddr,
        length_bytes: u64,
        mut on_frame: impl FnMut(Frame),
    ) -> Result<Flush<M>, UnmapRangeError> {
        self.check_mapped(start, length_bytes)?;
        let mut flush = Flush::nothing(self.config().memory());
        let mut done_bytes = 0;
        while done_bytes < length_bytes
            && let Some((walk, page, frame)) = self.mapped_at(start + done_bytes)
        {
            self.remove(walk, page, &mut flush);
            on_frame(frame);
            done_bytes += page.size().bytes();
        }
        Ok(flush)
    }

    /// Unmaps all pages of a range, in which there may be addresses where nothing is mapped, and tells `on_frame` each frame.
    /// Frames are free for other uses once the flush is done.
    ///
    /// # Safety
    ///
    /// The same as of [`Self::unmap_page`], for all pages of the range.
    pub unsafe fn unmap_all_in(
        &mut self,
        start: VirtAddr,
        length_bytes: u64,
        mut on_frame: impl FnMut(Frame),
    ) -> Result<Flush<M>, UnmapRangeError> {
        self.check_range_to_unmap(start, length_bytes)?;
        self.check_ends(start, length_bytes)?;
        let mut flush = Flush::nothing(self.config().memory());
        let mut done_bytes = 0;
        while done_bytes < length_bytes
            && let Some(walk) = self.walk(start + done_bytes, PageTableLevel::One)
        {
            // Where nothing is mapped, on to the end of what the entry spans.
            let span_bytes = walk.level().entry_address_space_alignment();
            let address = start.as_u64() + done_bytes;
            if let Content::Leaf(frame) = walk.content() {
                self.remove(walk, walk.page(frame.size()), &mut flush);
                on_frame(frame);
            }
            done_bytes += span_bytes - address % span_bytes;
        }
        Ok(flush)
    }

    /// Changes how `page` is mapped.
    ///
    /// # Safety
    ///
    /// - Nothing uses the page in a way that `flags` forbid, and what they permit breaks nobody's rules: see
    ///   [`Self::map_page`].
    /// - What relies on the change waits until no CPU remembers what the flush names.
    pub unsafe fn update_flags(&mut self, page: Page, flags: ConfigurableFlags) -> Result<Flush<M>, MappedPageError> {
        let (walk, frame) = self.find(page)?;
        walk.slot()
            .store(Entry::leaf(frame, self.config().leaf_flags(flags, page.size())));
        let mut flush = Flush::nothing(self.config().memory());
        flush.include(page);
        Ok(flush)
    }

    /// Finds the entry that maps `page`, and the frame.
    fn find(&self, page: Page) -> Result<(Walk<'_>, Frame), MappedPageError> {
        let managed = self.config().half();
        let walk = self.walk(page.start(), page.size().level());
        let walk = walk.ok_or(MappedPageError::WrongHalf { page, managed })?;
        let wrong_page_size = |existing| Err(MappedPageError::WrongPageSize { page, existing });
        match walk.content() {
            Content::Leaf(frame) if frame.size() == page.size() => Ok((walk, frame)),
            Content::Leaf(frame) => wrong_page_size(Existing::Page(walk.page(frame.size()))),
            Content::Table { .. } if self.maps_pages(walk.slot(), walk.level()) => {
                wrong_page_size(Existing::SmallerPages)
            }
            Content::Table { .. } | Content::Empty => Err(MappedPageError::NotMapped { page }),
        }
    }

    /// The page that is mapped at `address`.
    fn mapped_at(&self, address: VirtAddr) -> Option<(Walk<'_>, Page, Frame)> {
        let walk = self.walk(address, PageTableLevel::One)?;
        match walk.content() {
            Content::Leaf(frame) => Some((walk, walk.page(frame.size()), frame)),
            Content::Table { .. } | Content::Empty => None,
        }
    }

    /// Checks that the range can be one of whole pages of the half that is managed.
    fn check_range_to_unmap(&self, start: VirtAddr, length_bytes: u64) -> Result<(), UnmapRangeError> {
        let managed = self.config().half();
        let is_aligned = |value: u64| value.is_multiple_of(PageSize::_4KiB.bytes());
        if !(is_aligned(start.as_u64()) && is_aligned(length_bytes)) {
            Err(UnmapRangeError::Misaligned { start, length_bytes })
        } else if !managed.holds(start, length_bytes) {
            Err(UnmapRangeError::WrongHalf {
                start,
                length_bytes,
                managed,
            })
        } else {
            Ok(())
        }
    }

    /// Checks that no page lies across an end of the range.
    fn check_ends(&self, start: VirtAddr, length_bytes: u64) -> Result<(), UnmapRangeError> {
        let Some(last_offset) = length_bytes.checked_sub(1) else {
            return Ok(());
        };
        let last = start + last_offset;
        for address in [start, last] {
            if let Some((_, page, _)) = self.mapped_at(address)
                && (page.start() < start || page.last() > last)
            {
                return Err(UnmapRangeError::PageAcrossEnd { page });
            }
        }
        Ok(())
    }

    /// Checks that whole pages fill the range.
    fn check_mapped(&self, start: VirtAddr, length_bytes: u64) -> Result<(), UnmapRangeError> {
        self.check_range_to_unmap(start, length_bytes)?;
        let mut done_bytes = 0;
        while done_bytes < length_bytes {
            let address = start + done_bytes;
            let (_, page, _) = self.mapped_at(address).ok_or(UnmapRangeError::NotMapped { address })?;
            if page.start() != address || page.size().bytes() > length_bytes - done_bytes {
                return Err(UnmapRangeError::PageAcrossEnd { page });
            }
            done_bytes += page.size().bytes();
        }
        Ok(())
    }

    /// Empties the entry where `walk` stands, which maps `page`; in the lower half also those above it that lead to tables
    /// which become empty by that.
    fn remove(&self, mut walk: Walk<'_>, page: Page, flush: &mut Flush<M>) {
        flush.include(page);
        walk.slot().store(Entry::EMPTY);
        while walk.step_up() {
            walk.slot().count_one_fewer();
            let Content::Table { frame, used: 0 } = walk.content() else {
                return;
            };
            if self.config().half() == Half::Higher {
                return;
            }
            walk.slot().store(Entry::EMPTY);
            // SAFETY: The entry that led to the table was emptied.
            flush.keep(unsafe { self.unlinked_table(frame) });
        }
    }
}
