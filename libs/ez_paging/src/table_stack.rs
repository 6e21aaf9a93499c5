//! A stack of page tables that lead nowhere: taken beforehand so that nothing can fail half-way, or waiting to be given
//! back. It holds any number without memory of its own, because each table's first entry names the table below it.
//!
//! What always holds: a table on the stack has no entry that a CPU takes for present, so that a CPU which still has a way
//! to it in its caches finds nothing there. A table that comes off it is empty.

use x86_64::{
    PhysAddr,
    structures::paging::{PageTableIndex, PhysFrame},
};

use crate::{
    entry::Entry,
    owned_4kib_frame::OutOfFrames,
    owned_table::{OwnedTable, table_in},
    page_table_memory::PageTableMemory,
};

/// A stack of page tables; all go back to the memory when it is dropped.
#[derive(Debug)]
pub(crate) struct TableStack<M: PageTableMemory> {
    /// Where the tables came from.
    memory: M,
    /// The table that was put on it last.
    top: Option<PhysFrame>,
}

/// Tells an entry that names the table below from an empty one. Bit 0, which means "present", stays clear.
const LINK_MARK: u64 = 1 << 1;

/// The entry that names the table below.
const LINK_INDEX: PageTableIndex = PageTableIndex::new_truncate(0);

impl<M: PageTableMemory> TableStack<M> {
    /// A stack with nothing on it.
    pub(crate) const fn new(memory: M) -> Self {
        Self { memory, top: None }
    }

    /// A stack of `count` empty tables. If there are not so many frames, none is kept.
    pub(crate) fn allocate(memory: M, count: usize) -> Result<Self, OutOfFrames> {
        let mut stack = Self::new(memory);
        for _ in 0..count {
            stack.push(OwnedTable::allocate(memory)?);
        }
        Ok(stack)
    }

    /// Puts a table on top, whose entries are all empty.
    pub(crate) fn push(&mut self, table: OwnedTable<M>) {
        let link = self.top.map_or(Entry::EMPTY, |below| {
            Entry::from_bits(below.start_address().as_u64() | LINK_MARK)
        });
        table.table().slot(LINK_INDEX).store(link);
        self.top = Some(table.into_frame());
    }

    /// Takes the table from the top.
    pub(crate) fn pop(&mut self) -> Option<OwnedTable<M>> {
        let frame = self.top?;
        // SAFETY: `push` took the frame out of an `OwnedTable`, and it has not left the stack yet.
        let slot = unsafe { table_in(&self.memory, frame) }.slot(LINK_INDEX);
        let link = slot.load().bits();
        slot.store(Entry::EMPTY);
        self.top = (link != 0).then(|| PhysFrame::containing_address(PhysAddr::new_truncate(link)));
        // SAFETY: `push` took the frame out of an `OwnedTable` of this memory, and the stack has just forgotten it.
        Some(unsafe { OwnedTable::from_frame(self.memory, frame) })
    }
}

impl<M: PageTableMemory> Drop for TableStack<M> {
    fn drop(&mut self) {
        while let Some(table) = self.pop() {
            drop(table);
        }
    }
}
