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

#[cfg(test)]
mod tests {
    use super::{BLOCK_FRAMES, FrameBlocks, NotTaken, PutBack};
    use crate::PhysRange;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
    use std::{collections::BTreeSet, vec, vec::Vec};
    use x86_64::{
        PhysAddr,
        structures::paging::{PhysFrame, Size4KiB},
    };

    fn frame(number: u64) -> PhysFrame<Size4KiB> {
        PhysFrame::containing_address(PhysAddr::new(number * 4096))
    }

    fn range(first: u64, count: u64) -> PhysRange {
        PhysRange::new(PhysAddr::new(first * 4096), count * 4096).unwrap()
    }

    fn take(blocks: &mut FrameBlocks, count: usize) -> Vec<u64> {
        let mut taken = vec![];
        blocks.take(count, |frame| taken.push(frame.start_address().as_u64() / 4096));
        taken
    }

    #[test]
    fn a_block_goes_back_with_its_last_frame() {
        let mut blocks = FrameBlocks::new();
        blocks.add(range(BLOCK_FRAMES + 7, 2));
        blocks.add(range(BLOCK_FRAMES + 63, 3));
        assert_eq!(blocks.free_frames(), 5);
        let taken = take(&mut blocks, 9);
        assert_eq!(taken, [7, 8, 63, 64, 65].map(|number| BLOCK_FRAMES + number));
        assert_eq!((blocks.free_frames(), take(&mut blocks, 1)), (0, vec![]));
        for number in taken.iter().skip(1) {
            assert_eq!(blocks.put_back(frame(*number)), Ok(PutBack::Kept));
        }
        let Ok(PutBack::WholeBlock(block)) = blocks.put_back(frame(taken[0])) else {
            panic!("the block is whole");
        };
        let ranges: Vec<_> = block.ranges().collect();
        assert_eq!(ranges, [range(BLOCK_FRAMES + 7, 2), range(BLOCK_FRAMES + 63, 3)]);
        assert_eq!((blocks.free_frames(), take(&mut blocks, 1)), (0, vec![]));
    }

    #[test]
    fn what_was_not_taken_is_refused() {
        let mut blocks = FrameBlocks::new();
        blocks.add(range(3, 2));
        assert_eq!(take(&mut blocks, 1), [3]);
        for number in [2, 4, 5, BLOCK_FRAMES] {
            assert_eq!(blocks.put_back(frame(number)), Err(NotTaken));
        }
        assert_eq!(blocks.free_frames(), 1);
    }

    #[test]
    fn a_whole_block_is_one_range() {
        let mut blocks = FrameBlocks::new();
        blocks.add(range(BLOCK_FRAMES, BLOCK_FRAMES));
        assert_eq!(take(&mut blocks, 1), [BLOCK_FRAMES]);
        let Ok(PutBack::WholeBlock(block)) = blocks.put_back(frame(BLOCK_FRAMES)) else {
            panic!("the block is whole");
        };
        assert_eq!(block.ranges().collect::<Vec<_>>(), [range(BLOCK_FRAMES, BLOCK_FRAMES)]);
    }

    proptest! {
        /// A frame is the map's, free here, or taken; and the map has all of a block or nothing.
        #[test]
        fn frames_are_conserved(steps in proptest::collection::vec((0u8..8, any::<u16>()), 1..400)) {
            // Two runs in the first block, one in the second.
            let runs = [(5, 3), (500, 12), (BLOCK_FRAMES, 70)];
            let mut blocks = FrameBlocks::new();
            let mut at_map: BTreeSet<(u64, u64)> = runs.into();
            let mut taken = BTreeSet::new();
            for (step, argument) in steps {
                match step {
                    0 => if let Some((first, count)) = at_map.pop_last() {
                        blocks.add(range(first, count));
                    },
                    1..4 => for number in take(&mut blocks, usize::from(argument % 40)) {
                        prop_assert!(taken.insert(number), "given out twice");
                    },
                    _ => {
                        let index = usize::from(argument) % taken.len().max(1);
                        let Some(&number) = taken.iter().nth(index) else { continue };
                        taken.remove(&number);
                        if let PutBack::WholeBlock(block) = blocks.put_back(frame(number)).unwrap() {
                            for range in block.ranges() {
                                let pages = range.pages();
                                prop_assert!(at_map.insert((pages.first(), pages.last() - pages.first() + 1)));
                            }
                        }
                    }
                }
                let here: u64 = runs.into_iter().filter(|run| !at_map.contains(run)).map(|(_, count)| count).sum();
                prop_assert_eq!(blocks.free_frames() + taken.len() as u64, here);
            }
        }
    }
}
