//! Sound programs of all shapes: each gets a plan, and [`planned`] compares what the plan comes to with a loader that has
//! none, byte by byte.

use crate::elf_file::{R, RW, RX, TestElf, TestSegment, load};
use crate::invariants::{limits, planned};
use proptest::{
    collection::vec,
    prelude::{Just, ProptestConfig, Strategy, prop_assert, prop_oneof},
    proptest, sample,
};

/// The size of a page.
const PAGE_BYTES: u64 = 0x1000;

/// How a segment lies behind the one before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Pages between them.
    gap_pages: u64,
    /// Where in its first page it begins.
    offset_in_page: u64,
    /// Its size in the file, if the file is long enough.
    in_file_bytes: u64,
    /// How much longer it is in memory.
    zero_bytes: u64,
    /// The frame of the file where it begins.
    frame: u64,
    /// What it may be used for.
    flags: u32,
}

/// Sizes and places close to where something changes.
fn near_a_page_boundary() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        Just(1),
        0..0x40_u64,
        0xfc0..0x1041_u64,
        0x1ff0..0x2011_u64,
        0..0x3000_u64
    ]
}

/// Any shape that a sound program may have.
fn shape() -> impl Strategy<Value = Shape> {
    let offset_in_page = near_a_page_boundary().prop_map(|offset| offset % PAGE_BYTES);
    let flags = sample::select(vec![R, RW, RX, 1, 2, RW | 0x10_0000]);
    let numbers = (
        0..3_u64,
        offset_in_page,
        near_a_page_boundary(),
        near_a_page_boundary(),
        0..6_u64,
        flags,
    );
    numbers.prop_map(
        |(gap_pages, offset_in_page, in_file_bytes, zero_bytes, frame, flags)| Shape {
            gap_pages,
            offset_in_page,
            in_file_bytes,
            zero_bytes,
            frame,
            flags,
        },
    )
}

/// A program of segments with these shapes, the first of them code where the program begins.
fn program(shapes: &[Shape], size_bytes: u64, entry: sample::Index) -> TestElf {
    let mut next_page = 1;
    let mut segments: Vec<TestSegment> = Vec::new();
    for shape in shapes {
        let offset = shape.frame * PAGE_BYTES + shape.offset_in_page;
        let address = (next_page + shape.gap_pages) * PAGE_BYTES + shape.offset_in_page;
        let in_file_bytes = shape.in_file_bytes.min(size_bytes.saturating_sub(offset));
        let segment = TestSegment {
            in_memory_bytes: (in_file_bytes + shape.zero_bytes).max(1),
            ..load(shape.flags, address, offset, in_file_bytes)
        };
        next_page = (address + segment.in_memory_bytes).div_ceil(PAGE_BYTES);
        segments.push(segment);
    }
    segments[0].flags = RX;
    let code = segments[0];
    TestElf {
        entry_point: code.address + entry.index(usize::try_from(code.in_memory_bytes).unwrap()) as u64,
        segments,
        size_bytes: usize::try_from(size_bytes).unwrap(),
    }
}

/// Sound programs.
pub(crate) fn programs() -> impl Strategy<Value = TestElf> {
    let size_bytes =
        (1..6_u64, near_a_page_boundary()).prop_map(|(frames, rest)| frames * PAGE_BYTES + rest % PAGE_BYTES);
    (
        vec(shape(), 1..6),
        size_bytes,
        proptest::prelude::any::<sample::Index>(),
    )
        .prop_map(|(shapes, size_bytes, entry)| program(&shapes, size_bytes, entry))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn sound_programs_come_to_the_memory_that_loading_without_a_plan_gives(elf in programs()) {
        let plan = planned(&elf.bytes(), &limits());
        prop_assert!(plan.is_ok(), "{plan:?}");
    }
}
