//! The way from the level-4 table down to the entry that decides about an address.
//!
//! Every operation begins with it. The functions here, of entries and of slots are `#[inline]`, because users are in other
//! crates: a kernel page mapped and unmapped beside others takes 352 instructions, and took 748 without.

use x86_64::{VirtAddr, structures::paging::page_table::PageTableLevel};

use crate::{
    entry::{Content, Entry},
    page::Page,
    page_size::PageSize,
    page_table::{PageTable, Slot},
};

/// A way down: the entries passed, and the one where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walk<'tables> {
    /// Where it leads.
    address: VirtAddr,
    /// The entries from level 1 up to 4; those below `level` mean nothing yet.
    slots: [&'tables Slot; 4],
    /// The level of the table in which it stands.
    level: PageTableLevel,
}

impl<'tables> Walk<'tables> {
    /// Stands in the level-4 table.
    #[inline]
    pub(crate) fn new(level_4_table: PageTable<'tables>, address: VirtAddr) -> Self {
        let level = PageTableLevel::Four;
        let slot = level_4_table.slot(address.page_table_index(level));
        Self {
            address,
            slots: [slot; 4],
            level,
        }
    }

    /// Goes into `table`, which the entry leads to. At level 1 there is no way further down, and it stays.
    #[inline]
    pub(crate) fn step_down(&mut self, table: PageTable<'tables>) {
        if let Some(lower) = self.level.next_lower_level() {
            self.level = lower;
            self.slots[place(lower)] = table.slot(self.address.page_table_index(lower));
        }
    }

    /// Goes back to the entry above, if there is one, and says so.
    #[inline]
    pub(crate) fn step_up(&mut self) -> bool {
        let higher = self.level.next_higher_level();
        self.level = higher.unwrap_or(self.level);
        higher.is_some()
    }

    /// The level of the table in which it stands.
    #[inline]
    pub(crate) const fn level(&self) -> PageTableLevel {
        self.level
    }

    /// The entry's place.
    #[inline]
    pub(crate) const fn slot(&self) -> &'tables Slot {
        self.slots[place(self.level)]
    }

    /// The place of the entry that leads to the table in which it stands.
    #[inline]
    pub(crate) fn parent(&self) -> Option<&'tables Slot> {
        self.level.next_higher_level().map(|higher| self.slots[place(higher)])
    }

    /// The entry.
    #[inline]
    pub(crate) fn entry(&self) -> Entry {
        self.slot().load()
    }

    /// What the entry says.
    #[inline]
    pub(crate) fn content(&self) -> Content {
        self.entry().content(self.level)
    }

    /// The page of `size` in which the address lies.
    #[inline]
    pub(crate) fn page(&self, size: PageSize) -> Page {
        Page::containing(self.address, size)
    }
}

/// Where the entry of a table of `level` is kept.
const fn place(level: PageTableLevel) -> usize {
    level as usize - 1
}
