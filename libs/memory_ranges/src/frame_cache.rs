//! A stock of 4 KiB frames that one processor keeps for itself, so that most allocations need neither lock nor map.
//!
//! The frames come and go in batches. To the map, a frame belongs to the cache from the batch that brought it to the
//! batch that takes it away, wherever it is in between. What always holds: no heap is used.

use crate::{
    pages::{PAGE_BYTES, Pages},
    phys_range::PhysRange,
};
use arrayvec::ArrayVec;
use x86_64::{
    PhysAddr,
    structures::paging::{PhysFrame, Size4KiB},
};

/// Up to `CAPACITY` frames. The one freed last is given out first, as its bytes may still be in the processor's caches.
#[derive(Debug)]
pub struct FrameCache<const CAPACITY: usize> {
    /// The frames, the one freed longest ago first.
    frames: ArrayVec<PhysFrame<Size4KiB>, CAPACITY>,
}

/// The cache is full, and this is the frame that was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheFull(pub PhysFrame<Size4KiB>);

/// A batch is larger than the space for it. Nothing was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchTooLarge {
    /// How many frames there are in the batch.
    pub frames: u64,
    /// How many could be taken.
    pub space: usize,
}

impl<const CAPACITY: usize> FrameCache<CAPACITY> {
    /// How many frames a batch should have: so many that neither a row of allocations nor one of frees needs the next
    /// batch soon.
    pub const BATCH: usize = CAPACITY.div_ceil(2);

    /// How many bytes these are.
    pub const BATCH_BYTES: u64 = Self::BATCH as u64 * PAGE_BYTES;

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

    /// Takes all frames of a range in. They are given out from the last on: in this order [`drain`](Self::drain)
    /// has nothing to sort.
    pub fn refill(&mut self, range: PhysRange) -> Result<(), BatchTooLarge> {
        let (frames, space) = (range.size_bytes() / PAGE_BYTES, self.frames.remaining_capacity());
        if frames > space as u64 {
            return Err(BatchTooLarge { frames, space });
        }
        for number in range.pages().first()..=range.pages().last() {
            let frame = PhysFrame::containing_address(PhysAddr::new_truncate(number * PAGE_BYTES));
            self.frames
                .try_push(frame)
                .map_err(|_| BatchTooLarge { frames, space })?;
        }
        Ok(())
    }

    /// Hands up to `count` frames out, those freed longest ago, as ranges: frames side by side come as one.
    pub fn drain(&mut self, count: usize, mut give_back: impl FnMut(PhysRange)) {
        let count = count.min(self.frames.len());
        if let Some(oldest) = self.frames.get_mut(..count) {
            oldest.sort_unstable();
        }
        let mut run: Option<Pages> = None;
        for frame in self.frames.drain(..count) {
            let number = frame.start_address().as_u64() / PAGE_BYTES;
            run = match run.filter(|run| run.last() + 1 == number) {
                Some(longer) => Pages::new(longer.first(), number),
                None => {
                    run.and_then(PhysRange::from_pages).into_iter().for_each(&mut give_back);
                    Pages::new(number, number)
                }
            };
        }
        run.and_then(PhysRange::from_pages).into_iter().for_each(give_back);
    }
}

impl<const CAPACITY: usize> Default for FrameCache<CAPACITY> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::{BatchTooLarge, CacheFull, FrameCache};
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

    #[test]
    fn a_batch_that_does_not_fit_is_refused_whole() {
        let mut cache = FrameCache::<4>::new();
        assert_eq!(cache.push(frame(9)), Ok(()));
        assert_eq!(cache.refill(range(1, 4)), Err(BatchTooLarge { frames: 4, space: 3 }));
        assert_eq!(cache.len(), 1);
        assert_eq!(cache.refill(range(1, 3)), Ok(()));
        assert_eq!(cache.push(frame(10)), Err(CacheFull(frame(10))));
        let popped: Vec<_> = core::iter::from_fn(|| cache.pop()).collect();
        assert_eq!(popped, [frame(3), frame(2), frame(1), frame(9)]);
    }

    #[test]
    fn frames_side_by_side_are_drained_as_one_range() {
        let mut cache = FrameCache::<8>::new();
        for number in [5, 3, 9, 4, 7] {
            assert_eq!(cache.push(frame(number)), Ok(()));
        }
        let mut drained = vec![];
        cache.drain(4, |range| drained.push(range));
        assert_eq!(drained, [range(3, 3), range(9, 1)]);
        assert_eq!((cache.pop(), cache.pop()), (Some(frame(7)), None));
    }

    proptest! {
        #[test]
        fn every_frame_is_in_the_cache_or_outside_and_never_twice(
            steps in proptest::collection::vec((0u8..4, any::<u8>()), 1..200),
        ) {
            let mut cache = FrameCache::<16>::new();
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
                    2 => {
                        let (first, count) = (u64::from(argument % 50) + 1, u64::from(argument / 50) + 1);
                        let whole = (first..first + count).all(|number| outside.contains(&number));
                        if whole && cache.refill(range(first, count)).is_ok() {
                            outside.retain(|number| !(first..first + count).contains(number));
                        }
                    }
                    _ => {
                        let (before, wanted) = (cache.len(), usize::from(argument % 20));
                        let mut drained = 0;
                        cache.drain(wanted, |range| {
                            for number in range.pages().first()..=range.pages().last() {
                                assert!(outside.insert(number));
                                drained += 1;
                            }
                        });
                        prop_assert_eq!(drained, wanted.min(before));
                    }
                }
                prop_assert_eq!(cache.len() + outside.len(), 63);
            }
        }
    }
}
