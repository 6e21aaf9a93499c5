//! A stock of 4 KiB frames that one processor keeps for itself, so that most allocations need neither lock nor map.
//!
//! The frames come and go in batches, from and to [`FrameBlocks`](crate::FrameBlocks). What always holds: no heap is used.

use arrayvec::ArrayVec;
use x86_64::structures::paging::{PhysFrame, Size4KiB};

/// Up to `CAPACITY` frames. The one freed last is given out first, as its bytes may still be in the processor's caches.
#[derive(Debug)]
pub struct FrameStack<const CAPACITY: usize> {
    /// The frames, the one freed longest ago first.
    frames: ArrayVec<PhysFrame<Size4KiB>, CAPACITY>,
}

/// The cache is full, and this is the frame that was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheFull(pub PhysFrame<Size4KiB>);

impl<const CAPACITY: usize> FrameStack<CAPACITY> {
    /// How many frames a batch should have: so many that neither a row of allocations nor one of frees needs the next
    /// batch soon.
    pub const BATCH: usize = CAPACITY.div_ceil(2);

    /// Empty.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            frames: ArrayVec::new_const(),
        }
    }

    /// How many frames there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether it is time for a batch in.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes a frame, if there is one.
    #[inline]
    pub fn pop(&mut self) -> Option<PhysFrame<Size4KiB>> {
        self.frames.pop()
    }

    /// Puts a frame back. When that is refused it is time for a batch out.
    #[inline]
    pub fn push(&mut self, frame: PhysFrame<Size4KiB>) -> Result<(), CacheFull> {
        self.frames.try_push(frame).map_err(|full| CacheFull(full.element()))
    }

    /// Hands up to `count` frames out, those freed longest ago.
    pub fn drain(&mut self, count: usize, give_back: impl FnMut(PhysFrame<Size4KiB>)) {
        let count = count.min(self.frames.len());
        self.frames.drain(..count).for_each(give_back);
    }
}

impl<const CAPACITY: usize> Default for FrameStack<CAPACITY> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::{CacheFull, FrameStack};
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
    use std::{collections::BTreeSet, vec, vec::Vec};
    use x86_64::{
        PhysAddr,
        structures::paging::{PhysFrame, Size4KiB},
    };

    fn frame(number: u64) -> PhysFrame<Size4KiB> {
        PhysFrame::containing_address(PhysAddr::new(number * 4096))
    }

    #[test]
    fn the_frame_freed_last_comes_first_and_goes_last() {
        let mut cache = FrameStack::<4>::new();
        for number in [5, 3, 9, 4] {
            assert_eq!(cache.push(frame(number)), Ok(()));
        }
        assert_eq!(cache.push(frame(10)), Err(CacheFull(frame(10))));
        let mut drained = vec![];
        cache.drain(2, |frame| drained.push(frame));
        assert_eq!(drained, [frame(5), frame(3)]);
        let popped: Vec<_> = core::iter::from_fn(|| cache.pop()).collect();
        assert_eq!(popped, [frame(4), frame(9)]);
    }

    proptest! {
        #[test]
        fn every_frame_is_in_the_cache_or_outside_and_never_twice(
            steps in proptest::collection::vec((0u8..3, any::<u8>()), 1..200),
        ) {
            let mut cache = FrameStack::<16>::new();
            let mut outside: BTreeSet<u64> = (1..64).collect();
            for (step, argument) in steps {
                match step {
                    0 => if let Some(frame) = cache.pop() {
                        prop_assert!(outside.insert(frame.start_address().as_u64() / 4096));
                    },
                    1 => {
                        let number = u64::from(argument % 63) + 1;
                        if outside.contains(&number) && cache.push(frame(number)).is_ok() {
                            outside.remove(&number);
                        }
                    }
                    _ => {
                        let (before, wanted) = (cache.len(), usize::from(argument % 20));
                        let mut drained = 0;
                        cache.drain(wanted, |frame| {
                            assert!(outside.insert(frame.start_address().as_u64() / 4096));
                            drained += 1;
                        });
                        prop_assert_eq!(drained, wanted.min(before));
                    }
                }
                prop_assert_eq!(cache.len() + outside.len(), 63);
            }
        }
    }
}
