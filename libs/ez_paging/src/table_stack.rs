//! A stack of empty page tables: allocated beforehand so that nothing can fail half-way, or waiting to be freed. It needs no
//! memory of its own, because each table's first entry holds the address of the table below it on the stack.
//!
//! What always holds: a table on the stack has no present entry, so that a CPU with the way to it in its caches finds nothing
//! there. A table that is popped is empty.

use x86_64::{
    PhysAddr,
    structures::paging::{PageTableIndex, PhysFrame},
};

use crate::{
    entry::Entry,
    errors::OutOfFrames,
    owned_table::{OwnedTable, table_in},
    page_table_memory::PageTableMemory,
};

/// A stack of page tables. Dropping it frees them.
#[derive(Debug)]
pub(crate) struct TableStack<M: PageTableMemory> {
    memory: M,
    top: Option<PhysFrame>,
}

/// Distinguishes an entry with the address of the table below from an empty one. Bit 0, which means "present", stays clear.
const LINK_MARK: u64 = 1 << 1;

/// The index of the entry with the address of the table below.
const LINK_INDEX: PageTableIndex = PageTableIndex::new_truncate(0);

impl<M: PageTableMemory> TableStack<M> {
    pub(crate) const fn new(memory: M) -> Self {
        Self { memory, top: None }
    }

    /// Allocates `count` empty tables. If memory runs out, all are freed again.
    pub(crate) fn allocate(memory: M, count: usize) -> Result<Self, OutOfFrames> {
        let mut stack = Self::new(memory);
        for _ in 0..count {
            stack.push(OwnedTable::allocate(memory)?);
        }
        Ok(stack)
    }

    pub(crate) fn push(&mut self, table: OwnedTable<M>) {
        let link = self.top.map_or(Entry::EMPTY, |below| {
            Entry::from_bits(below.start_address().as_u64() | LINK_MARK)
        });
        table.table().slot(LINK_INDEX).store(link);
        self.top = Some(table.into_frame());
    }

    pub(crate) fn pop(&mut self) -> Option<OwnedTable<M>> {
        let frame = self.top?;
        // SAFETY: `push` took the frame out of an `OwnedTable`, and it has not left the stack yet.
        let slot = unsafe { table_in(&self.memory, frame) }.slot(LINK_INDEX);
        let link = slot.load().bits();
        slot.store(Entry::EMPTY);
        self.top = (link != 0).then(|| PhysFrame::containing_address(PhysAddr::new_truncate(link)));
        // SAFETY: `push` took the frame out of an `OwnedTable` of this memory, and the stack no longer refers to it.
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
