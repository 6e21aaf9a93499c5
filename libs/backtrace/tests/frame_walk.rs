//! Walks: what a sound stack gives, and where a broken one ends them.

use backtrace::{FrameWalk, MAX_FRAMES};
use proptest::{
    prelude::{Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, prop_oneof},
    proptest,
};
use std::{cell::Cell, collections::BTreeMap, ops::Range};

/// Where the stacks of these tests lie.
const STACK: Range<u64> = 0xffff_9000_0000_0000..0xffff_9000_0000_1000;

/// An address that a function may return to.
const CODE: u64 = 0xffff_ffff_8000_1000;

/// A stack with frames at these offsets, whose return addresses count up from [`CODE`]. The last one has no caller.
fn stack_of(offsets: &[u64]) -> BTreeMap<u64, u64> {
    let callers = offsets.iter().skip(1).map(|offset| STACK.start + offset).chain([0]);
    let frames = offsets.iter().zip(callers).zip(CODE..);
    let words = frames.flat_map(|((offset, caller), return_address)| {
        let frame = STACK.start + offset;
        [(frame, caller), (frame + 8, return_address)]
    });
    words.collect()
}

/// The return addresses that a walk from `rbp` finds in `memory`.
fn walk(memory: &BTreeMap<u64, u64>, rbp: u64) -> Vec<u64> {
    FrameWalk::new(rbp, STACK, |address| memory.get(&address).copied()).collect()
}

#[test]
fn gives_the_return_addresses_from_the_inside_out() {
    let memory = stack_of(&[0, 0x10, 0x80, 0xff0]);
    assert_eq!(walk(&memory, STACK.start), [CODE, CODE + 1, CODE + 2, CODE + 3]);
}

#[test]
fn stops_at_a_frame_pointer_of_zero() {
    // A stack that begins at address 0, so that nothing else is wrong with it.
    let walk = FrameWalk::new(0, 0..0x1000, |_| Some(CODE));
    assert_eq!(walk.count(), 0);
}

#[test]
fn stops_at_a_frame_pointer_that_is_not_canonical() {
    for (rbp, frames) in [
        (0x0000_7fff_ffff_fff0, 1),
        (0x0000_8000_0000_0000, 0),
        (0xffff_7fff_ffff_fff0, 0),
        (0xffff_8000_0000_0000, 1),
    ] {
        let walk = FrameWalk::new(rbp, 0..u64::MAX, |address| Some(if address == rbp { 0 } else { CODE }));
        assert_eq!(walk.count(), frames, "{rbp:#x}");
    }
}

#[test]
fn stops_at_a_frame_pointer_between_words() {
    for offset in 1..8 {
        let walk = FrameWalk::new(STACK.start + offset, STACK, |_| Some(CODE));
        assert_eq!(walk.count(), 0, "{offset}");
    }
}

#[test]
fn stops_at_a_frame_outside_of_the_stack() {
    let below_and_above = [
        STACK.start - 16,
        STACK.start - 8,
        STACK.end - 8,
        STACK.end,
        u64::MAX - 7,
    ];
    for rbp in below_and_above {
        let walk = FrameWalk::new(rbp, STACK, |_| Some(CODE));
        assert_eq!(walk.count(), 0, "{rbp:#x}");
    }
}

#[test]
fn stops_at_a_frame_that_does_not_lie_above_the_one_before() {
    // Itself, one below, and one that overlaps.
    for next in [0x40, 0x20, 0x48] {
        let mut memory = stack_of(&[0x40]);
        memory.insert(STACK.start + 0x40, STACK.start + next);
        memory.entry(STACK.start + next + 8).or_insert(CODE);
        assert_eq!(walk(&memory, STACK.start + 0x40), [CODE], "{next:#x}");
    }
}

#[test]
fn stops_at_a_return_address_outside_of_the_upper_half() {
    for return_address in [0, 1, 0x40_0000, 0x7fff_ffff_ffff, 0xffff_7fff_ffff_ffff] {
        let mut memory = stack_of(&[0, 0x20, 0x40]);
        memory.insert(STACK.start + 0x28, return_address);
        assert_eq!(walk(&memory, STACK.start), [CODE], "{return_address:#x}");
    }
}

#[test]
fn stops_where_memory_cannot_be_read() {
    let mut memory = stack_of(&[0, 0x20, 0x40]);
    memory.remove(&(STACK.start + 0x28));
    assert_eq!(walk(&memory, STACK.start), [CODE]);
}

#[test]
fn a_frame_whose_caller_cannot_be_read_still_counts() {
    let mut memory = stack_of(&[0, 0x20, 0x40]);
    memory.remove(&(STACK.start + 0x20));
    assert_eq!(walk(&memory, STACK.start), [CODE, CODE + 1]);
}

#[test]
fn stops_after_the_greatest_number_of_frames() {
    let offsets: Vec<u64> = (0..100).map(|index| index * 16).collect();
    assert_eq!(walk(&stack_of(&offsets), STACK.start).len(), MAX_FRAMES);
}

#[test]
fn stays_at_its_end() {
    // What is read changes meanwhile, as the stack of a running processor does.
    let reads = Cell::new(0);
    let mut walk = FrameWalk::new(STACK.start, STACK, |_| {
        reads.set(reads.get() + 1);
        (reads.get() > 1).then_some(CODE)
    });
    assert_eq!(walk.next(), None);
    assert_eq!(walk.next(), None);
    assert_eq!(reads.get(), 1);
}

/// A word of a stack: a place in it, code, or anything.
fn word() -> impl Strategy<Value = u64> {
    let aligned = (0..0x200_u64).prop_map(|index| STACK.start + index * 8);
    let near = (0..0x1100_u64).prop_map(|offset| STACK.start - 0x80 + offset);
    prop_oneof![4 => aligned, 1 => near, 4 => Just(CODE), 1 => any::<u64>(), 1 => Just(0)]
}

/// Bounds of a stack, some of them the wrong way round or at an end of the address space.
fn bounds() -> impl Strategy<Value = Range<u64>> {
    prop_oneof![
        4 => Just(STACK),
        1 => (word(), word()).prop_map(|(start, end)| start..end),
        1 => Just(0..u64::MAX),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn any_memory_ends_the_walk_inside_the_stack(
        rbp in word(),
        stack in bounds(),
        words in proptest::collection::vec(word(), 0x200),
    ) {
        let reads = Cell::new(0);
        let stray = Cell::new(None);
        let read = |address: u64| {
            reads.set(reads.get() + 1);
            let inside = address >= stack.start && address.checked_add(8).is_some_and(|end| end <= stack.end);
            let sound = inside && address % 8 == 0 && reads.get() <= 2 * MAX_FRAMES;
            if !sound {
                stray.set(Some(address));
                return None;
            }
            Some(words[(address / 8 % 0x200) as usize])
        };
        let found: Vec<u64> = FrameWalk::new(rbp, stack.clone(), read).take(1000).collect();
        prop_assert_eq!(stray.get(), None);
        prop_assert!(found.len() <= MAX_FRAMES);
        prop_assert!(found.iter().all(|address| *address >= 0xffff_8000_0000_0000));
    }

    #[test]
    fn sound_stacks_are_walked_to_their_end(
        sizes in proptest::collection::vec(2..8_u64, 1..MAX_FRAMES),
    ) {
        let offsets: Vec<u64> = sizes.iter().scan(0, |place, size| {
            let offset = *place;
            *place += size * 8;
            Some(offset)
        }).collect();
        let expected: Vec<u64> = (CODE..).take(offsets.len()).collect();
        prop_assert_eq!(walk(&stack_of(&offsets), STACK.start), expected);
    }
}

#[test]
fn a_program_returns_to_the_lower_half() {
    let memory = BTreeMap::from([
        (STACK.start, STACK.start + 0x10),
        (STACK.start + 8, 0x40_1000),
        (STACK.start + 0x10, 0),
        (STACK.start + 0x18, CODE),
    ]);
    let read = |address: u64| memory.get(&address).copied();
    let of_program = FrameWalk::new(STACK.start, STACK, read).of_program();
    assert_eq!(of_program.collect::<Vec<_>>(), [0x40_1000]);
    assert_eq!(FrameWalk::new(STACK.start, STACK, read).count(), 0);
}
