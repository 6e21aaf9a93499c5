//! Mapping pages.
//!
//! First everything is checked and all tables that are needed are allocated; from then on nothing can fail. So an error
//! leaves no trace, and no CPU ever sees a mapping that is taken back.

use core::iter;

use x86_64::{PhysAddr, VirtAddr, structures::paging::page_table::PageTableLevel};

use crate::{
    block::{Frame, Page},
    entry::{Content, Entry},
    errors::{Existing, MapError, MapRangeError},
    flush::Flush,
    managed_l4_page_table::ManagedL4PageTable,
    page_size::PageSize,
    page_table::Slot,
    page_table_memory::PageTableMemory,
    paging_config::ConfigurableFlags,
    table_stack::TableStack,
    walk::Walk,
};

impl<M: PageTableMemory> ManagedL4PageTable<M> {
    /// Maps `page` to `frame`, which have one size.
    ///
    /// The flush is not empty only if a large page replaces tables that unmapped pages of the kernel left behind. Then it
    /// must be carried out before the page is used.
    ///
    /// # Safety
    ///
    /// - Access to the frame through `page` breaks no other code's rules: its content may be read, written or executed as
    ///   `flags` say, and cached as they say, beside all other mappings of the frame.
    /// - The flush is dropped only after every CPU has flushed the addresses that it names.
    pub unsafe fn map_page(
        &mut self,
        page: Page,
        frame: Frame,
        flags: ConfigurableFlags,
    ) -> Result<Flush<M>, MapError> {
        self.check_mappable(page, frame)?;
        let managed = self.config().half();
        let walk = self.walk(page.start(), page.size().level());
        let mut walk = walk.ok_or(MapError::WrongHalf { page, managed })?;
        let missing_tables = self
            .missing_tables(&walk, page, None)
            .map_err(|existing| MapError::AlreadyMapped { page, existing })?;
        let mut tables = TableStack::allocate(self.config().memory(), missing_tables)?;
        let mut flush = Flush::nothing(self.config().memory());
        let entry = Entry::leaf(frame, self.config().leaf_flags(flags, page.size()));
        self.place(&mut walk, page, entry, &mut tables, &mut flush);
        Ok(flush)
    }

    /// Maps `length_bytes` bytes from `start` on to those from `physical_start` on, with the largest pages that the CPU
    /// supports and that fit. An empty range is valid.
    ///
    /// # Safety
    ///
    /// As for [`Self::map_page`], for all pages of the range.
    pub unsafe fn map_range(
        &mut self,
        start: VirtAddr,
        physical_start: PhysAddr,
        length_bytes: u64,
        flags: ConfigurableFlags,
    ) -> Result<Flush<M>, MapRangeError> {
        self.check_range(start, physical_start, length_bytes)?;
        let mut flush = Flush::nothing(self.config().memory());
        // `check_range` ensures the right half, except for an empty range.
        let Some(mut walk) = self.walk(start, PageTableLevel::Four) else {
            return Ok(flush);
        };
        let pieces = Pieces {
            start,
            physical_start,
            length_bytes,
            max_page_size: self.config().features().max_page_size,
        };
        let missing_tables = self.missing_tables_of_range(walk, pieces.clone())?;
        let mut tables = TableStack::allocate(self.config().memory(), missing_tables)?;
        let leaf_flags =
            [PageSize::_4KiB, PageSize::_2MiB, PageSize::_1GiB].map(|size| self.config().leaf_flags(flags, size));
        for (page, frame) in pieces {
            let entry = Entry::leaf(frame, leaf_flags[page.size() as usize]);
            self.walk_on(&mut walk, page.start(), page.size().level());
            self.place(&mut walk, page, entry, &mut tables, &mut flush);
        }
        Ok(flush)
    }

    /// Checks page and frame by themselves, whatever is mapped.
    fn check_mappable(&self, page: Page, frame: Frame) -> Result<(), MapError> {
        let max_page_size = self.config().features().max_page_size;
        let last_address = self.config().features().last_physical_address();
        if page.size() != frame.size() {
            Err(MapError::WrongPageSize { page, frame })
        } else if page.size() > max_page_size {
            Err(MapError::UnsupportedPageSize { page, max_page_size })
        } else if frame.last() > last_address {
            Err(MapError::FrameTooHigh { frame, last_address })
        } else {
            Ok(())
        }
    }

    /// Checks a range by itself, whatever is mapped.
    fn check_range(&self, start: VirtAddr, physical_start: PhysAddr, length_bytes: u64) -> Result<(), MapRangeError> {
        let managed = self.config().half();
        let last_address = self.config().features().last_physical_address();
        let room_bytes = last_address.as_u64().checked_sub(physical_start.as_u64());
        let all_bits = start.as_u64() | physical_start.as_u64() | length_bytes;
        if !all_bits.is_multiple_of(PageSize::_4KiB.bytes()) {
            Err(MapRangeError::Misaligned {
                start,
                physical_start,
                length_bytes,
            })
        } else if !managed.holds(start, length_bytes) {
            Err(MapRangeError::WrongHalf {
                start,
                length_bytes,
                managed,
            })
        } else if length_bytes != 0 && room_bytes.is_none_or(|room_bytes| length_bytes - 1 > room_bytes) {
            Err(MapRangeError::TooHigh {
                physical_start,
                length_bytes,
                last_address,
            })
        } else {
            Ok(())
        }
    }

    /// Number of tables that are missing to map all `pieces`; an error if one of them is in use.
    fn missing_tables_of_range<'tables>(
        &'tables self,
        mut walk: Walk<'tables>,
        pieces: Pieces,
    ) -> Result<usize, MapRangeError> {
        let mut count = 0;
        let mut previous = None;
        for (page, _) in pieces {
            self.walk_on(&mut walk, page.start(), page.size().level());
            count += self
                .missing_tables(&walk, page, previous)
                .map_err(|existing| MapRangeError::AlreadyMapped { page, existing })?;
            previous = Some(page);
        }
        Ok(count)
    }

    /// Number of tables that are missing between the end of `walk` and the entry for `page`, without those that `previous`
    /// needs as well, the page that is mapped just before it. An error if `page` is in use.
    #[inline]
    fn missing_tables(&self, walk: &Walk<'_>, page: Page, previous: Option<Page>) -> Result<usize, Existing> {
        let leaf_level = page.size().level();
        match walk.content() {
            Content::Leaf(frame) => Err(Existing::Page(walk.page(frame.size()))),
            // The walk ends at a table only at the page's own level.
            Content::Table { .. } if self.maps_pages(walk.slot(), leaf_level) => Err(Existing::SmallerPages),
            Content::Table { .. } => Ok(0),
            Content::Empty => {
                let levels = iter::successors(walk.level().next_lower_level(), |level| level.next_lower_level());
                let is_needed_by_previous = |level: &PageTableLevel| {
                    let span_bytes = level.table_address_space_alignment();
                    previous.is_some_and(|previous| {
                        previous.start().as_u64() / span_bytes == page.start().as_u64() / span_bytes
                    })
                };
                Ok(levels
                    .take_while(|level| *level >= leaf_level)
                    .filter(|level| !is_needed_by_previous(level))
                    .count())
            }
        }
    }

    /// Whether the entry in `slot` of a table of `level` maps a page, directly or through lower tables.
    pub(crate) fn maps_pages(&self, slot: &Slot, level: PageTableLevel) -> bool {
        let (frame, used) = match slot.load().content(level) {
            Content::Empty => return false,
            Content::Leaf(_) => return true,
            Content::Table { frame, used } => (frame, used),
        };
        // SAFETY: `slot`, of the managed half, leads to the table.
        let table = unsafe { self.linked_table(frame) };
        let maps_pages_below = |lower| table.used_slots(used).any(|slot| self.maps_pages(slot, lower));
        level.next_lower_level().is_some_and(maps_pages_below)
    }

    /// Continues `walk` down to the entry for `page`, with new tables from `tables` where there are none, and stores `entry`.
    /// The page is not in use: [`Self::missing_tables`] has checked it.
    #[inline]
    fn place<'tables>(
        &'tables self,
        walk: &mut Walk<'tables>,
        page: Page,
        entry: Entry,
        tables: &mut TableStack<M>,
        flush: &mut Flush<M>,
    ) {
        while walk.level() > page.size().level() {
            let table = tables
                .pop()
                .expect("as many tables were allocated as are missing")
                .into_frame();
            count_one_more(walk);
            walk.slot().store(Entry::table(table, self.config().half()));
            // SAFETY: The entry that was just stored, in the managed half, leads to the table.
            walk.step_down(unsafe { self.linked_table(table) });
        }
        if let Content::Table { .. } = walk.content() {
            // The table is empty. But a CPU may have the way to it in its caches, and would not see the page.
            self.unlink(walk.slot(), walk.level(), &mut |table| flush.keep(table));
            flush.include(page);
        } else {
            count_one_more(walk);
        }
        walk.slot().store(entry);
    }
}

/// Counts the entry where `walk` stands, which is about to be used.
fn count_one_more(walk: &Walk<'_>) {
    if let Some(parent) = walk.parent() {
        parent.count_one_more();
    }
}

/// Cuts a range into the largest pages that fit, in ascending order. The range is checked.
#[derive(Debug, Clone)]
struct Pieces {
    start: VirtAddr,
    physical_start: PhysAddr,
    length_bytes: u64,
    max_page_size: PageSize,
}

impl Iterator for Pieces {
    type Item = (Page, Frame);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.length_bytes == 0 {
            return None;
        }
        let both_addresses = self.start.as_u64() | self.physical_start.as_u64();
        let fits = |size: &PageSize| {
            both_addresses.is_multiple_of(size.bytes())
                && size.bytes() <= self.length_bytes
                && *size <= self.max_page_size
        };
        // From the smallest up: most pages of a range are small.
        let larger = [PageSize::_2MiB, PageSize::_1GiB].into_iter().take_while(fits);
        let size = larger.last().unwrap_or(PageSize::_4KiB);
        let piece = (
            Page::containing(self.start, size),
            Frame::containing(self.physical_start, size),
        );
        // Not `+`: after the last page of the address space comes no address. The length is 0 then.
        self.start = VirtAddr::new_truncate(self.start.as_u64().wrapping_add(size.bytes()));
        self.physical_start = PhysAddr::new_truncate(self.physical_start.as_u64() + size.bytes());
        self.length_bytes -= size.bytes();
        Some(piece)
    }
}
