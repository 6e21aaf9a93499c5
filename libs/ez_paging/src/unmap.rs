//! Unmapping pages. As in mapping, everything is checked before anything is changed.

use x86_64::{VirtAddr, structures::paging::page_table::PageTableLevel};

use crate::{
    block::{Frame, Page},
    entry::{Content, Entry},
    errors::{Existing, MappedPageError, UnmapRangeError},
    flush::Flush,
    half::Half,
    managed_l4_page_table::ManagedL4PageTable,
    page_size::PageSize,
    page_table_memory::PageTableMemory,
    walk::Walk,
};

/// The result of unmapping a page.
#[derive(Debug)]
pub struct Unmapped<M: PageTableMemory> {
    /// The frame to which the page was mapped. It can be reused once the flush is done.
    pub frame: Frame,
    /// The flush to carry out.
    pub flush: Flush<M>,
}

impl<M: PageTableMemory> ManagedL4PageTable<M> {
    /// Unmaps `page`.
    ///
    /// # Safety
    ///
    /// - Nothing uses the page any more.
    /// - The flush is dropped, and the page mapped again, only after every CPU has flushed the addresses that the flush names.
    ///   In the lower half nothing at all is mapped before that.
    pub unsafe fn unmap_page(&mut self, page: Page) -> Result<Unmapped<M>, MappedPageError> {
        let (mut walk, frame) = self.find(page)?;
        let mut flush = Flush::nothing(self.config().memory());
        self.remove(&mut walk, page, &mut flush);
        Ok(Unmapped { frame, flush })
    }

    /// Unmaps all pages of a range that is mapped without gaps, and calls `on_frame` for each frame. The frames can be reused
    /// once the flush is done.
    ///
    /// # Safety
    ///
    /// As for [`Self::unmap_page`], for all pages of the range.
    pub unsafe fn unmap_range(
        &mut self,
        start: VirtAddr,
        length_bytes: u64,
        on_frame: impl FnMut(Frame),
    ) -> Result<Flush<M>, UnmapRangeError> {
        self.check_mapped(start, length_bytes)?;
        // SAFETY: The caller's promise.
        unsafe { self.unmap_all_in(start, length_bytes, on_frame) }
    }

    /// Unmaps all pages of a range that may have gaps, and calls `on_frame` for each frame. The frames can be reused once the
    /// flush is done.
    ///
    /// # Safety
    ///
    /// As for [`Self::unmap_page`], for all pages of the range.
    pub unsafe fn unmap_all_in(
        &mut self,
        start: VirtAddr,
        length_bytes: u64,
        mut on_frame: impl FnMut(Frame),
    ) -> Result<Flush<M>, UnmapRangeError> {
        self.check_range_to_unmap(start, length_bytes)?;
        self.check_ends(start, length_bytes)?;
        let mut flush = Flush::nothing(self.config().memory());
        // `check_range_to_unmap` ensures the right half, except for an empty range.
        let Some(mut walk) = self.walk(start, PageTableLevel::Four) else {
            return Ok(flush);
        };
        let mut done_bytes = 0;
        while done_bytes < length_bytes {
            let address = start + done_bytes;
            self.walk_on(&mut walk, address, PageTableLevel::One);
            // All that the entry spans is mapped by it, or not mapped at all.
            let span_bytes = walk.level().entry_address_space_alignment();
            if let Content::Leaf(frame) = walk.content() {
                let page = walk.page(frame.size());
                self.remove(&mut walk, page, &mut flush);
                on_frame(frame);
            }
            done_bytes += span_bytes - address.as_u64() % span_bytes;
        }
        Ok(flush)
    }

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

    fn check_range_to_unmap(&self, start: VirtAddr, length_bytes: u64) -> Result<(), UnmapRangeError> {
        let managed = self.config().half();
        if !(start.as_u64() | length_bytes).is_multiple_of(PageSize::_4KiB.bytes()) {
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
            if let Some(mapped) = self.translate(address)
                && (mapped.page.start() < start || mapped.page.last() > last)
            {
                return Err(UnmapRangeError::PageAcrossEnd { page: mapped.page });
            }
        }
        Ok(())
    }

    fn check_mapped(&self, start: VirtAddr, length_bytes: u64) -> Result<(), UnmapRangeError> {
        self.check_range_to_unmap(start, length_bytes)?;
        let Some(mut walk) = self.walk(start, PageTableLevel::Four) else {
            return Ok(());
        };
        let mut done_bytes = 0;
        while done_bytes < length_bytes {
            let address = start + done_bytes;
            self.walk_on(&mut walk, address, PageTableLevel::One);
            let Content::Leaf(frame) = walk.content() else {
                return Err(UnmapRangeError::NotMapped { address });
            };
            let page = walk.page(frame.size());
            if page.start() != address || page.size().bytes() > length_bytes - done_bytes {
                return Err(UnmapRangeError::PageAcrossEnd { page });
            }
            done_bytes += page.size().bytes();
        }
        Ok(())
    }

    /// Clears the entry where `walk` stands, which maps `page`. In the lower half, tables that become empty by that are
    /// removed too.
    #[inline]
    fn remove(&self, walk: &mut Walk<'_>, page: Page, flush: &mut Flush<M>) {
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
            // SAFETY: The entry that led to the table was cleared.
            flush.keep(unsafe { self.unlinked_table(frame) });
        }
    }
}
