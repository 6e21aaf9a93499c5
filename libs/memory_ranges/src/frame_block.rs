//! One block of up to 2 MiB, of which single frames are allocated.

use crate::{address_range::PhysRange, pages::Pages};

const WORDS: usize = 8;
pub(crate) const BLOCK_FRAMES: u64 = WORDS as u64 * u64::BITS as u64;

/// The frames of one block: all 512, or those that the map of physical memory had there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameBlock {
    /// The number of the block's first frame, a multiple of [`BLOCK_FRAMES`].
    first: u64,
    /// The frames that belong to the block.
    own: FrameSet,
    free: FrameSet,
}

/// A set of frames of one block: a bit for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FrameSet([u64; WORDS]);

impl FrameBlock {
    /// A block with no frames; `number` counts blocks from address 0.
    pub(crate) const fn new(number: u64) -> Self {
        Self {
            first: number * BLOCK_FRAMES,
            own: FrameSet::EMPTY,
            free: FrameSet::EMPTY,
        }
    }

    pub(crate) fn frames(&self) -> u64 {
        let words = self.own.0.iter();
        words.map(|word| u64::from(word.count_ones())).sum()
    }

    /// The block's frames as ranges, in ascending order.
    pub fn ranges(&self) -> impl Iterator<Item = PhysRange> {
        let has = |frame: &u64| self.own.contains(*frame);
        let end = self.first + BLOCK_FRAMES;
        let mut next = self.first;
        core::iter::from_fn(move || {
            let first = (next..end).find(has)?;
            next = (first..end).find(|frame| !has(frame)).unwrap_or(end);
            Pages::new(first, next - 1).map(PhysRange::from_pages)
        })
    }

    /// Adds the part of these frames that lies in the block, as free frames. Returns the number of frames added.
    pub(crate) fn add(&mut self, frames: Pages) -> u64 {
        let (first, last) = (frames.first(), frames.last().min(self.first + (BLOCK_FRAMES - 1)));
        let mut added = 0;
        for frame in first.max(self.first)..=last {
            if self.own.insert(frame) {
                self.free.insert(frame);
                added += 1;
            }
        }
        added
    }

    /// Takes up to `count` free frames, the lowest first, and calls `give` for each. Returns the number of frames taken.
    pub(crate) fn take_lowest(&mut self, count: usize, mut give: impl FnMut(u64)) -> usize {
        let mut taken = 0;
        for (start, word) in (self.first..).step_by(u64::BITS as usize).zip(&mut self.free.0) {
            while *word != 0 && taken < count {
                give(start + u64::from(word.trailing_zeros()));
                *word &= *word - 1;
                taken += 1;
            }
        }
        taken
    }

    /// Frees a frame. Returns `false`, and changes nothing, unless the frame belongs to the block and is in use.
    pub(crate) fn put_back(&mut self, frame: u64) -> bool {
        self.own.contains(frame) && self.free.insert(frame)
    }

    pub(crate) fn has_free(&self) -> bool {
        self.free != FrameSet::EMPTY
    }

    pub(crate) fn is_all_free(&self) -> bool {
        self.free == self.own
    }
}

impl FrameSet {
    const EMPTY: Self = Self([0; WORDS]);

    /// The index of a frame's word, and its bit there.
    const fn place(frame: u64) -> (usize, u64) {
        let bit = (frame % BLOCK_FRAMES) as usize;
        (bit / u64::BITS as usize, 1 << (bit % u64::BITS as usize))
    }

    const fn contains(&self, frame: u64) -> bool {
        let (word, bit) = Self::place(frame);
        self.0[word] & bit != 0
    }

    /// Adds a frame. Returns whether it was missing.
    const fn insert(&mut self, frame: u64) -> bool {
        let (word, bit) = Self::place(frame);
        let was_missing = self.0[word] & bit == 0;
        self.0[word] |= bit;
        was_missing
    }
}
