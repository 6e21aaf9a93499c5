//! Single frames out of blocks of 2 MiB, so that the map of memory stays short however they come and go.
//!
//! The map takes some bytes of the heap for each run of frames. Were single frames to go back to it, somebody who gives back every
//! other of many could make it larger than all the memory that is left. So the map knows blocks only: one comes here when frames
//! are wanted and none is free, and goes back when all of it is free again.
//!
//! What always holds: each frame of a block is free or given out, and no block is kept of which the last frame has come back.

use crate::{
    pages::{PAGE_BYTES, Pages},
    phys_range::PhysRange,
};
use alloc::collections::{BTreeMap, BTreeSet};
use x86_64::{
    PhysAddr,
    structures::paging::{PhysFrame, Size4KiB},
};

/// Words that have a bit for each frame of a block.
const WORDS: usize = 8;

/// Frames of a whole block.
const BLOCK_FRAMES: u64 = WORDS as u64 * u64::BITS as u64;

/// Blocks of frames, of which single ones are given out.
#[derive(Debug, Default)]
pub struct FrameBlocks {
    /// By their addresses, divided by 2 MiB.
    blocks: BTreeMap<u64, FrameBlock>,
    /// Which of them have a free frame.
    with_free: BTreeSet<u64>,
    /// How many frames are free.
    free_frames: u64,
}

/// The frames of one block: all of it, or what the map had there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameBlock {
    /// The number of the first frame that there could be, a multiple of [`BLOCK_FRAMES`].
    first: u64,
    /// Which frames the map has given.
    own: Mask,
    /// Which of them are free.
    free: Mask,
}

/// A bit for each frame of a block.
type Mask = [u64; WORDS];

/// What came of a frame that was put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutBack {
    /// It can be taken again.
    Kept,
    /// It was the last one of its block, which is the map's again.
    WholeBlock(FrameBlock),
}

/// The frame is free, or is of no block. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotTaken;

impl FrameBlocks {
    /// Without any frames.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            blocks: BTreeMap::new(),
            with_free: BTreeSet::new(),
            free_frames: 0,
        }
    }

    /// How many frames can be taken.
    #[must_use]
    pub const fn free_frames(&self) -> u64 {
        self.free_frames
    }

    /// Adds memory that the map has given for this. Frames that are here already stay as they are.
    pub fn add(&mut self, range: PhysRange) {
        let (first, last) = (range.pages().first(), range.pages().last());
        for number in first / BLOCK_FRAMES..=last / BLOCK_FRAMES {
            let start = number * BLOCK_FRAMES;
            let block = self.blocks.entry(number).or_insert_with(|| FrameBlock::new(start));
            for frame in first.max(start)..=last.min(start + (BLOCK_FRAMES - 1)) {
                if set(&mut block.own, frame) {
                    set(&mut block.free, frame);
                    self.free_frames += 1;
                }
            }
            self.with_free.insert(number);
        }
    }

    /// Takes up to `count` frames, as many as there are.
    pub fn take(&mut self, count: usize, mut give: impl FnMut(PhysFrame<Size4KiB>)) {
        let mut missing = count;
        while missing > 0
            && let Some(&number) = self.with_free.first()
            && let Some(block) = self.blocks.get_mut(&number)
        {
            let taken = block.take_lowest(missing, |frame| {
                give(PhysFrame::containing_address(PhysAddr::new_truncate(
                    frame * PAGE_BYTES,
                )));
            });
            missing -= taken;
            self.free_frames -= taken as u64;
            if block.free == NO_FRAMES {
                self.with_free.remove(&number);
            }
        }
    }

    /// Puts a frame back that was taken.
    pub fn put_back(&mut self, frame: PhysFrame<Size4KiB>) -> Result<PutBack, NotTaken> {
        let frame = frame.start_address().as_u64() / PAGE_BYTES;
        let number = frame / BLOCK_FRAMES;
        let block = self.blocks.get_mut(&number).ok_or(NotTaken)?;
        let is_own = is_set(&block.own, frame);
        if !is_own || !set(&mut block.free, frame) {
            return Err(NotTaken);
        }
        self.free_frames += 1;
        if block.free != block.own {
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

/// Of no frames.
const NO_FRAMES: Mask = [0; WORDS];

/// The word and the bit of a frame.
const fn place(frame: u64) -> (usize, u64) {
    let bit = (frame % BLOCK_FRAMES) as usize;
    (bit / u64::BITS as usize, 1 << (bit % u64::BITS as usize))
}

/// Whether a frame's bit is set.
const fn is_set(mask: &Mask, frame: u64) -> bool {
    let (word, bit) = place(frame);
    mask[word] & bit != 0
}

/// Sets a frame's bit; returns whether it was not.
const fn set(mask: &mut Mask, frame: u64) -> bool {
    let (word, bit) = place(frame);
    let was_set = mask[word] & bit != 0;
    mask[word] |= bit;
    !was_set
}

impl FrameBlock {
    /// Without any frames.
    const fn new(first: u64) -> Self {
        Self {
            first,
            own: NO_FRAMES,
            free: NO_FRAMES,
        }
    }

    /// How many frames there are.
    fn frames(&self) -> u64 {
        self.own.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Takes the free frames with the lowest numbers, up to so many. Returns how many there were.
    fn take_lowest(&mut self, count: usize, mut give: impl FnMut(u64)) -> usize {
        let mut taken = 0;
        for (start, word) in (self.first..).step_by(u64::BITS as usize).zip(&mut self.free) {
            while *word != 0 && taken < count {
                give(start + u64::from(word.trailing_zeros()));
                *word &= *word - 1;
                taken += 1;
            }
        }
        taken
    }

    /// Its frames, those side by side as one range.
    pub fn ranges(&self) -> impl Iterator<Item = PhysRange> {
        let has = |frame: &u64| is_set(&self.own, *frame);
        let end = self.first + BLOCK_FRAMES;
        let mut next = self.first;
        core::iter::from_fn(move || {
            let first = (next..end).find(has)?;
            next = (first..end).find(|frame| !has(frame)).unwrap_or(end);
            Pages::new(first, next - 1).and_then(PhysRange::from_pages)
        })
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
