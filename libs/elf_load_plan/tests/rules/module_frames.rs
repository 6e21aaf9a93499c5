//! Rules of the module's frames: which the plan needs, and which can be given back.

use crate::elf_file::{BASE, R, RW, RX, TestElf, TestSegment, load};
use crate::invariants::{limits, planned};
use elf_load_plan::{LoadPlan, ModuleFrames};

/// The plan of a program with one page of code from frame 5, and these segments before it, in a file of eight frames and
/// a half.
fn plan(segments: &[TestSegment]) -> LoadPlan {
    let mut segments = segments.to_vec();
    segments.push(load(RX, 0x7000_0000, 0x5000, 0x10));
    let elf = TestElf {
        entry_point: 0x7000_0000,
        segments,
        size_bytes: 0x8800,
    };
    planned(&elf.bytes(), &limits()).unwrap()
}

/// Ranges of frames: the number of the first, and of the one behind the last.
type Numbers = Vec<[u64; 2]>;

/// The numbers of frames.
fn numbers(frames: impl Iterator<Item = ModuleFrames>) -> Numbers {
    let number = |offset_bytes: u64| offset_bytes / 0x1000;
    frames
        .map(|range| [range.offset_bytes(), range.offset_bytes() + range.size_bytes()].map(number))
        .collect()
}

/// The numbers of the frames that are needed, and of the others.
fn needed_and_unneeded(segments: &[TestSegment]) -> (Numbers, Numbers) {
    let plan = plan(segments);
    (numbers(plan.needed_frames()), numbers(plan.unneeded_frames()))
}

#[test]
fn frames_without_a_segments_bytes_are_given_back() {
    assert_eq!(needed_and_unneeded(&[]), (vec![[5, 6]], vec![[0, 5], [6, 9]]));
}

#[test]
fn the_sources_of_copies_are_needed_as_those_of_shared_pages_are() {
    for flags in [R, RW] {
        let segment = load(flags, BASE + 0xfff, 0x1fff, 2);
        assert_eq!(
            needed_and_unneeded(&[segment]),
            (vec![[1, 3], [5, 6]], vec![[0, 1], [3, 5], [6, 9]])
        );
    }
}

#[test]
fn the_last_frame_is_given_back_though_the_file_ends_in_it() {
    let (_, unneeded) = needed_and_unneeded(&[]);
    assert_eq!(unneeded.last(), Some(&([6, 9])));
    let in_last = load(RW, BASE, 0x8000, 0x800);
    assert_eq!(
        needed_and_unneeded(&[in_last]),
        (vec![[5, 6], [8, 9]], vec![[0, 5], [6, 8]])
    );
}

#[test]
fn segments_of_zeros_need_no_frames() {
    let zeros = TestSegment {
        in_memory_bytes: 0x3000,
        ..load(RW, BASE, 0x2000, 0)
    };
    assert_eq!(needed_and_unneeded(&[zeros]), needed_and_unneeded(&[]));
}

#[test]
fn frames_that_several_segments_need_come_once() {
    // In other order than in memory: one inside another, one that overlaps, one that touches, and the same once more.
    let segments = [
        load(R, BASE, 0x3000, 0x1000),
        load(R, BASE + 0x1_0000, 0x1000, 0x3000),
        load(RW, BASE + 0x2_0000, 0x2000, 0x800),
        load(R, BASE + 0x3_0000, 0, 0x1000),
        load(RW, BASE + 0x4_0000, 0x3000, 0x1001),
    ];
    assert_eq!(needed_and_unneeded(&segments), (vec![[0, 6]], vec![[6, 9]]));
}

#[test]
fn nothing_is_given_back_where_all_is_needed() {
    assert_eq!(needed_and_unneeded(&[load(R, BASE, 0, 0x8800)]), (vec![[0, 9]], vec![]));
}
