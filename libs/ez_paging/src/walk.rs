//! A walk through the tables, from the level-4 table down to the entry that decides about an address.
//!
//! Every operation begins with a walk. The functions here, of entries and of slots are `#[inline]`, because users are in
//! other crates: mapping and unmapping a page took 748 instructions without, and 352 with it.

use x86_64::{VirtAddr, structures::paging::page_table::PageTableLevel};

use crate::{
    block::Page,
    entry::{Content, Entry},
    page_size::PageSize,
    page_table::{PageTable, Slot},
};

/// A walk: the tables that it passed, and the one where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walk<'tables> {
    address: VirtAddr,
    /// The tables of levels 1 to 4. Those below `level` mean nothing.
    tables: [PageTable<'tables>; 4],
    level: PageTableLevel,
}

impl<'tables> Walk<'tables> {
    #[inline]
    pub(crate) fn new(level_4_table: PageTable<'tables>, address: VirtAddr) -> Self {
        Self {
            address,
            tables: [level_4_table; 4],
            level: PageTableLevel::Four,
        }
    }

    /// Goes on to another address: back up to the lowest table passed that covers it too.
    #[inline]
    pub(crate) fn go_to(&mut self, address: VirtAddr) {
        let differing_bits = self.address.as_u64() ^ address.as_u64();
        self.address = address;
        while differing_bits >= self.level.table_address_space_alignment() && self.step_up() {}
    }

    /// Goes down into `table`, to which the entry leads. At level 1 there is no way further down, and it stays.
    #[inline]
    pub(crate) fn step_down(&mut self, table: PageTable<'tables>) {
        if let Some(lower) = self.level.next_lower_level() {
            self.level = lower;
            self.tables[index(lower)] = table;
        }
    }

    /// Goes up to the entry above. Returns `false` if there is none.
    #[inline]
    pub(crate) fn step_up(&mut self) -> bool {
        let higher = self.level.next_higher_level();
        self.level = higher.unwrap_or(self.level);
        higher.is_some()
    }

    #[inline]
    pub(crate) const fn level(&self) -> PageTableLevel {
        self.level
    }

    #[inline]
    pub(crate) fn slot(&self) -> &'tables Slot {
        self.slot_at(self.level)
    }

    /// The slot of the entry that leads to the table in which it stands.
    #[inline]
    pub(crate) fn parent(&self) -> Option<&'tables Slot> {
        self.level.next_higher_level().map(|higher| self.slot_at(higher))
    }

    #[inline]
    pub(crate) fn entry(&self) -> Entry {
        self.slot().load()
    }

    #[inline]
    pub(crate) fn content(&self) -> Content {
        self.entry().content(self.level)
    }

    #[inline]
    pub(crate) fn page(&self, size: PageSize) -> Page {
        Page::containing(self.address, size)
    }

    #[inline]
    fn slot_at(&self, level: PageTableLevel) -> &'tables Slot {
        self.tables[index(level)].slot(self.address.page_table_index(level))
    }
}

const fn index(level: PageTableLevel) -> usize {
    level as usize - 1
}
