//! A page table that belongs to a value, and the one place where memory is looked at as a page table.

use x86_64::structures::paging::PhysFrame;

use crate::{
    owned_4kib_frame::{OutOfFrames, Owned4KibFrame},
    page_table::PageTable,
    page_table_memory::PageTableMemory,
};

/// A frame that holds a page table. Dropping it gives the frame back, but not what its entries lead to.
#[derive(Debug)]
pub(crate) struct OwnedTable<M: PageTableMemory>(Owned4KibFrame<M>);

impl<M: PageTableMemory> OwnedTable<M> {
    /// Takes a frame and makes an empty table of it.
    pub(crate) fn allocate(memory: M) -> Result<Self, OutOfFrames> {
        let owned = Owned4KibFrame::allocate(memory)?;
        let pointer = memory.table_pointer(owned.frame());
        // SAFETY: `owned` is the frame's only user, and `PageTableMemory` promises 4 KiB there, aligned, to write to.
        unsafe { pointer.write_bytes(0, 1) };
        Ok(Self(owned))
    }

    /// Makes an owner for a table that has none.
    ///
    /// # Safety
    ///
    /// The frame is from [`Self::into_frame`] of a table from `memory`, and nobody but the caller, who hands it over, owns it.
    pub(crate) const unsafe fn from_frame(memory: M, frame: PhysFrame) -> Self {
        // SAFETY: What the caller promises of the table is what is asked of its frame.
        Self(unsafe { Owned4KibFrame::from_frame(memory, frame) })
    }

    /// The table.
    pub(crate) fn table(&self) -> PageTable<'_> {
        // SAFETY: `allocate` made the frame a page table. It stays one for as long as `self`, which is borrowed, lives.
        unsafe { table_in(&self.0.memory(), self.frame()) }
    }

    /// Which frame it lies in.
    pub(crate) const fn frame(&self) -> PhysFrame {
        self.0.frame()
    }

    /// Takes the frame out, so that an entry can lead to it: it is not given back by itself any more.
    pub(crate) fn into_frame(self) -> PhysFrame {
        self.0.into_frame()
    }
}

/// The page table in `frame`.
///
/// # Safety
///
/// The frame was taken from `memory` by [`OwnedTable::allocate`], and is not given back while the result is in use.
pub(crate) unsafe fn table_in<'table, M: PageTableMemory>(memory: &M, frame: PhysFrame) -> PageTable<'table> {
    let pointer = memory.table_pointer(frame);
    // SAFETY: `PageTableMemory` promises 4 KiB there, aligned, readable and writable while the frame is not given back, which
    // the caller rules out. `allocate` filled it with zeros, and from then on it is accessed through `PageTable` alone.
    unsafe { PageTable::new(pointer) }
}
