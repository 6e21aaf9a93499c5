//! A 4 KiB frame that belongs to a value: dropping the value gives the frame back.

use core::{error::Error, fmt, mem};

use x86_64::structures::paging::PhysFrame;

use crate::page_table_memory::PageTableMemory;

/// A 4 KiB frame that is given back on drop.
#[derive(Debug)]
pub struct Owned4KibFrame<M: PageTableMemory> {
    /// Where it came from.
    memory: M,
    /// Which it is.
    frame: PhysFrame,
}

/// There is no frame left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfFrames;

impl<M: PageTableMemory> Owned4KibFrame<M> {
    /// Takes a frame from `memory`; its content is whatever it was.
    pub fn allocate(memory: M) -> Result<Self, OutOfFrames> {
        let frame = memory.allocate_frame().ok_or(OutOfFrames)?;
        Ok(Self { memory, frame })
    }

    /// Makes an owner for a frame that has none.
    ///
    /// # Safety
    ///
    /// The frame was taken from `memory` and not given back; and nobody but the caller, who hands it over, owns it.
    pub const unsafe fn from_frame(memory: M, frame: PhysFrame) -> Self {
        Self { memory, frame }
    }

    /// Which frame it is.
    pub const fn frame(&self) -> PhysFrame {
        self.frame
    }

    /// Where the frame came from.
    pub(crate) const fn memory(&self) -> M {
        self.memory
    }

    /// Takes the frame out: from here on the caller owns it, and it is not given back by itself.
    pub fn into_frame(self) -> PhysFrame {
        let frame = self.frame;
        mem::forget(self);
        frame
    }
}

impl<M: PageTableMemory> Drop for Owned4KibFrame<M> {
    fn drop(&mut self) {
        // SAFETY: The frame is from `memory`, and its only owner ends here. That no CPU walks through it any more is what
        // whoever let a CPU walk through it promised (`switch_to` and the functions that return a `Flush`).
        unsafe { self.memory.free_frame(self.frame) };
    }
}

impl fmt::Display for OutOfFrames {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("no frame is left for a page table")
    }
}

impl Error for OutOfFrames {}
