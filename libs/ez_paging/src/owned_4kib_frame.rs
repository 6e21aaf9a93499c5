//! A 4 KiB frame that belongs to a value: dropping the value frees it.

use core::mem;

use x86_64::structures::paging::PhysFrame;

use crate::{errors::OutOfFrames, page_table_memory::PageTableMemory};

/// A 4 KiB frame that is freed on drop.
#[derive(Debug)]
pub struct Owned4KibFrame<M: PageTableMemory> {
    memory: M,
    frame: PhysFrame,
}

impl<M: PageTableMemory> Owned4KibFrame<M> {
    /// Allocates a frame with arbitrary content.
    pub fn allocate(memory: M) -> Result<Self, OutOfFrames> {
        let frame = memory.allocate_frame().ok_or(OutOfFrames)?;
        Ok(Self { memory, frame })
    }

    /// Takes over the ownership of a frame.
    ///
    /// # Safety
    ///
    /// The frame was allocated from `memory` and is not freed, and the caller is its only owner.
    pub const unsafe fn from_frame(memory: M, frame: PhysFrame) -> Self {
        Self { memory, frame }
    }

    /// The frame.
    pub const fn frame(&self) -> PhysFrame {
        self.frame
    }

    pub(crate) const fn memory(&self) -> M {
        self.memory
    }

    /// Passes the ownership of the frame to the caller: it is no longer freed on drop.
    pub fn into_frame(self) -> PhysFrame {
        let frame = self.frame;
        mem::forget(self);
        frame
    }
}

impl<M: PageTableMemory> Drop for Owned4KibFrame<M> {
    fn drop(&mut self) {
        // SAFETY: The frame is from `memory`, and its only owner is dropped here. No CPU walks through it any more: callers of
        // `switch_to` and of the functions that return a `Flush` promise that.
        unsafe { self.memory.free_frame(self.frame) };
    }
}
