//! A page table that belongs to a value, and the only place where a frame's memory becomes a page table.

use x86_64::structures::paging::PhysFrame;

use crate::{
    errors::OutOfFrames, owned_4kib_frame::Owned4KibFrame, page_table::PageTable, page_table_memory::PageTableMemory,
};

/// A frame that holds a page table. Dropping it frees the frame, but not the tables to which its entries lead.
#[derive(Debug)]
pub(crate) struct OwnedTable<M: PageTableMemory>(Owned4KibFrame<M>);

impl<M: PageTableMemory> OwnedTable<M> {
    pub(crate) fn allocate(memory: M) -> Result<Self, OutOfFrames> {
        let owned = Owned4KibFrame::allocate(memory)?;
        let pointer = memory.table_pointer(owned.frame());
        // SAFETY: `owned` is the frame's only user, and `PageTableMemory` promises 4 KiB there, aligned and writable.
        unsafe { pointer.write_bytes(0, 1) };
        Ok(Self(owned))
    }

    /// Takes over the ownership of a table.
    ///
    /// # Safety
    ///
    /// The frame is from [`Self::into_frame`] of a table from `memory`, and the caller is its only owner.
    pub(crate) const unsafe fn from_frame(memory: M, frame: PhysFrame) -> Self {
        // SAFETY: The caller's promise about the table holds for its frame.
        Self(unsafe { Owned4KibFrame::from_frame(memory, frame) })
    }

    pub(crate) fn table(&self) -> PageTable<'_> {
        // SAFETY: `allocate` made the frame a page table. It stays one while `self` is borrowed.
        unsafe { table_in(&self.0.memory(), self.frame()) }
    }

    pub(crate) const fn frame(&self) -> PhysFrame {
        self.0.frame()
    }

    /// Passes the ownership of the frame to the caller, whose entry leads to it: it is no longer freed on drop.
    pub(crate) fn into_frame(self) -> PhysFrame {
        self.0.into_frame()
    }
}

/// The page table in `frame`.
///
/// # Safety
///
/// The frame was allocated from `memory` by [`OwnedTable::allocate`], and is not freed while the result is in use.
pub(crate) unsafe fn table_in<'table, M: PageTableMemory>(memory: &M, frame: PhysFrame) -> PageTable<'table> {
    let pointer = memory.table_pointer(frame);
    // SAFETY: `PageTableMemory` promises 4 KiB there, aligned, readable and writable until the frame is freed; the caller
    // promises that it is not. `allocate` filled it with zeros, and from then on only `PageTable` accesses it.
    unsafe { PageTable::new(pointer) }
}
