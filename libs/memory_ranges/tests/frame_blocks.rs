//! Taking single frames from blocks, and freeing them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use memory_ranges::{FrameBlocks, NotTaken, PhysRange, PutBack};
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use std::collections::BTreeSet;
use x86_64::{
    PhysAddr,
    structures::paging::{PhysFrame, Size4KiB},
};

/// Frames of a whole block, which has 2 MiB.
const BLOCK_FRAMES: u64 = 512;

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
    /// A frame is in the map, free in a block, or taken; the map has all frames of a block or none.
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
                            let first = range.start().as_u64() / 4096;
                            prop_assert!(at_map.insert((first, range.size_bytes() / 4096)));
                        }
                    }
                }
            }
            let here: u64 = runs.into_iter().filter(|run| !at_map.contains(run)).map(|(_, count)| count).sum();
            prop_assert_eq!(blocks.free_frames() + taken.len() as u64, here);
        }
    }
}
