//! Allocates single frames from blocks of 2 MiB, so that the map of physical memory stays short.
//!
//! The map needs heap for each run of frames. If single frames were freed into the map, freeing every second one would
//! create a run for each and could exhaust the heap. So the map knows only whole blocks: one comes here when no
//! frame is free, and goes back when all of its frames are free again.
//!
//! What always holds: each frame of a block is free or in use, and each block that is kept has a frame in use or was
//! just added.

use crate::{
    address_range::PhysRange,
    frame_block::{BLOCK_FRAMES, FrameBlock},
    pages::PAGE_BYTES,
};
use alloc::collections::{BTreeMap, BTreeSet};
use x86_64::{
    PhysAddr,
    structures::paging::{PhysFrame, Size4KiB},
};

/// Blocks of which single frames are allocated.
#[derive(Debug, Default)]
pub struct FrameBlocks {
    /// The blocks by number: the address divided by 2 MiB.
    blocks: BTreeMap<u64, FrameBlock>,
    /// The numbers of the blocks that have a free frame.
    with_free: BTreeSet<u64>,
    free_frames: u64,
}

/// The effect of freeing a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutBack {
    /// The frame is free here.
    Kept,
    /// It was the last frame in use of its block. The block is no longer here: its memory goes back to the map.
    WholeBlock(FrameBlock),
}

/// The frame is free already, or belongs to no block. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotTaken;

impl FrameBlocks {
    /// No blocks.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            blocks: BTreeMap::new(),
            with_free: BTreeSet::new(),
            free_frames: 0,
        }
    }

    /// Number of free frames.
    #[must_use]
    pub const fn free_frames(&self) -> u64 {
        self.free_frames
    }

    /// Adds memory that the map of physical memory has allocated for single frames. Frames that are here already stay as
    /// they are.
    pub fn add(&mut self, range: PhysRange) {
        let frames = range.pages();
        for number in frames.first() / BLOCK_FRAMES..=frames.last() / BLOCK_FRAMES {
            let block = self.blocks.entry(number).or_insert_with(|| FrameBlock::new(number));
            self.free_frames += block.add(frames);
            if block.has_free() {
                self.with_free.insert(number);
            }
        }
    }

    /// Takes up to `count` free frames, and calls `give` for each.
    pub fn take(&mut self, count: usize, mut give: impl FnMut(PhysFrame<Size4KiB>)) {
        let mut missing = count;
        while missing > 0
            && let Some(&number) = self.with_free.first()
            && let Some(block) = self.blocks.get_mut(&number)
        {
            let taken = block.take_lowest(missing, |frame| {
                let address = PhysAddr::new_truncate(frame * PAGE_BYTES);
                give(PhysFrame::containing_address(address));
            });
            missing -= taken;
            self.free_frames -= taken as u64;
            if !block.has_free() {
                self.with_free.remove(&number);
            }
        }
    }

    /// Frees a frame that was taken.
    pub fn put_back(&mut self, frame: PhysFrame<Size4KiB>) -> Result<PutBack, NotTaken> {
        let frame = frame.start_address().as_u64() / PAGE_BYTES;
        let number = frame / BLOCK_FRAMES;
        let block = self.blocks.get_mut(&number).ok_or(NotTaken)?;
        if !block.put_back(frame) {
            return Err(NotTaken);
        }
        self.free_frames += 1;
        if !block.is_all_free() {
            self.with_free.insert(number);
            return Ok(PutBack::Kept);
        }
        let whole = *block;
        self.free_frames -= whole.frames();
        self.blocks.remove(&number);
        self.with_free.remove(&number);
        Ok(PutBack::WholeBlock(whole))
    }
}
