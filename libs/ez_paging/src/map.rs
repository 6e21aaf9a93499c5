//! Mapping pages.
//!
//! First everything is checked and all tables that are needed are taken; from then on nothing can fail. So an error leaves
//! no trace, and no CPU ever sees a mapping that is taken back.

use core::iter;

use x86_64::{PhysAddr, VirtAddr, structures::paging::page_table::PageTableLevel};

use crate::{
    configurable_flags::ConfigurableFlags,
    entry::{Content, Entry},
    errors::{Existing, MapError, MapRangeError},
    flush::Flush,
    frame::Frame,
    managed_l4_page_table::ManagedL4PageTable,
    page::Page,
    page_size::PageSize,
    page_table::Slot,
    page_table_memory::PageTableMemory,
    pieces::Pieces,
    table_stack::TableStack,
    walk::Walk,
};

impl<M: PageTableMemory> ManagedL4PageTable<M> {
    /// Maps `page` to `frame`, which are of one size.
    ///
    /// The flush has something to do only where a large page takes the place of tables that the kernel's unmapped pages
    /// left behind: then it is to be carried out before the page is used.
    ///
    /// # Safety
    ///
    /// - What can be reached through `page` from now on breaks nobody's rules: its content may be read, written or executed
    ///   as `flags` say, and cached as they say, beside all other mappings of the same frame.
    /// - The flush is dropped only after no CPU remembers what it names.
    pub unsafe fn map_page(
        &mut self,
        page: Page,
        frame: Frame,
        flags: ConfigurableFlags,
    ) -> Result<Flush<M>, MapError> {
        self.check_mappable(page, frame)?;
        let managed = self.config().half();
        let walk = self.walk(page.start(), page.size().level());
        let walk = walk.ok_or(MapError::WrongHalf { page, managed })?;
        let missing_tables = self
            .missing_tables(&walk, page, None)
            .map_err(|existing| MapError::AlreadyMapped { page, existing })?;
        let mut tables = TableStack::allocate(self.config().memory(), missing_tables)?;
        let mut flush = Flush::nothing(self.config().memory());
        let entry = Entry::leaf(frame, self.config().leaf_flags(flags, page.size()));
        self.place(walk, page, entry, &mut tables, &mut flush);
        Ok(flush)
    }

    /// Maps `length_bytes` bytes from `start` on to those from `physical_start` on, by pages as large as the CPU knows and as
    /// fit wholly inside. Nothing at all is a range, too.
    ///
    /// # Safety
    ///
    /// The same as of [`Self::map_page`], for all pages of the range.
    pub unsafe fn map_range(
        &mut self,
        start: VirtAddr,
        physical_start: PhysAddr,
        length_bytes: u64,
        flags: ConfigurableFlags,
    ) -> Result<Flush<M>, MapRangeError> {
        self.check_range(start, physical_start, length_bytes)?;
        let max_page_size = self.config().features().max_page_size;
        let pieces = Pieces::new(start, physical_start, length_bytes, max_page_size);
        let missing_tables = self.missing_tables_of_range(pieces.clone())?;
        let mut tables = TableStack::allocate(self.config().memory(), missing_tables)?;
        let mut flush = Flush::nothing(self.config().memory());
        for (page, frame) in pieces {
            let entry = Entry::leaf(frame, self.config().leaf_flags(flags, page.size()));
            // `check_range` has seen that all of it lies in the right half.
            if let Some(walk) = self.walk(page.start(), page.size().level()) {
                self.place(walk, page, entry, &mut tables, &mut flush);
            }
        }
        Ok(flush)
    }

    /// Checks what does not depend on what is mapped.
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

    /// Checks what does not depend on what is mapped.
    fn check_range(&self, start: VirtAddr, physical_start: PhysAddr, length_bytes: u64) -> Result<(), MapRangeError> {
        let managed = self.config().half();
        let last_address = self.config().features().last_physical_address();
        let room_bytes = last_address.as_u64().checked_sub(physical_start.as_u64());
        let is_aligned = |value: u64| value.is_multiple_of(PageSize::_4KiB.bytes());
        if !(is_aligned(start.as_u64()) && is_aligned(physical_start.as_u64()) && is_aligned(length_bytes)) {
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

    /// How many tables are missing to map all `pieces`, if nothing is in the way.
    fn missing_tables_of_range(&self, pieces: Pieces) -> Result<usize, MapRangeError> {
        let mut count = 0;
        let mut previous = None;
        for (page, _) in pieces {
            if let Some(walk) = self.walk(page.start(), page.size().level()) {
                count += self
                    .missing_tables(&walk, page, previous)
                    .map_err(|existing| MapRangeError::AlreadyMapped { page, existing })?;
            }
            previous = Some(page);
        }
        Ok(count)
    }

    /// How many tables are missing from where `walk` stands to where `page` is mapped, not counting those that `previous`, the
    /// page mapped next before it, needs as well. What is mapped there already is the error.
    fn missing_tables(&self, walk: &Walk<'_>, page: Page, previous: Option<Page>) -> Result<usize, Existing> {
        let leaf_level = page.size().level();
        match walk.content() {
            Content::Leaf(frame) => Err(Existing::Page(walk.page(frame.size()))),
            // Only where the walk has arrived: else it would have gone on.
            Content::Table { .. } if self.maps_pages(walk.slot(), leaf_level) => Err(Existing::SmallerPages),
            Content::Table { .. } => Ok(0),
            Content::Empty => {
                let levels = iter::successors(walk.level().next_lower_level(), |level| level.next_lower_level());
                let is_needed_by_previous = |level: &PageTableLevel| {
                    let span_bytes = level.table_address_space_alignment();
                    previous.is_some_and(|previous| {
                        previous.start().align_down(span_bytes) == page.start().align_down(span_bytes)
                    })
                };
                Ok(levels
                    .take_while(|level| *level >= leaf_level)
                    .filter(|level| !is_needed_by_previous(level))
                    .count())
            }
        }
    }

    /// Whether anything is mapped by the entry in `slot` of a table of `level`, or below it.
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

    /// Goes from where `walk` stands down to where `page` is mapped, with tables from `tables` where there are none, and stores
    /// `entry`. Nothing is mapped there: [`Self::missing_tables`] has said so.
    fn place<'tables>(
        &'tables self,
        mut walk: Walk<'tables>,
        page: Page,
        entry: Entry,
        tables: &mut TableStack<M>,
        flush: &mut Flush<M>,
    ) {
        while walk.level() > page.size().level() {
            let table = tables
                .pop()
                .expect("as many tables were taken as were missing")
                .into_frame();
            count_one_more(&walk);
            walk.slot().store(Entry::table(table, self.config().half()));
            // SAFETY: The entry that was just stored, in the managed half, leads to the table.
            walk.step_down(unsafe { self.linked_table(table) });
        }
        if let Content::Table { .. } = walk.content() {
            // The table is empty. A CPU may remember the way to it, and would not see the page.
            self.unlink(walk.slot(), walk.level(), &mut |table| flush.keep(table));
            flush.include(page);
        } else {
            count_one_more(&walk);
        }
        walk.slot().store(entry);
    }
}

/// Counts that the entry where `walk` stands is about to be used.
fn count_one_more(walk: &Walk<'_>) {
    if let Some(parent) = walk.parent() {
        parent.count_one_more();
    }
}
