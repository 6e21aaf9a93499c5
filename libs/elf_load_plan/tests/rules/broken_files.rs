//! Files that nobody would call programs: each is refused or gets a plan of which everything holds, but none makes the
//! library panic.

use crate::elf_file::{BASE, LOAD, TestElf, TestSegment, example};
use crate::generated::programs;
use crate::invariants::{limits, planned};
use proptest::{
    collection::vec,
    prelude::{Just, ProptestConfig, Strategy, any, prop_oneof},
    proptest, sample,
};

/// Numbers at which arithmetic goes wrong, and such as a program has.
fn odd_number() -> impl Strategy<Value = u64> {
    prop_oneof![
        2 => any::<u64>(),
        2 => (0..64_u32, 0..3_u64).prop_map(|(shift, add)| (1_u64 << shift).wrapping_add(add).wrapping_sub(1)),
        1 => Just(u64::MAX),
        2 => 0..0x4000_u64,
        2 => (0..0x8000_u64).prop_map(|offset| BASE + offset),
        1 => (0..0x4000_u64).prop_map(|offset| 0x7fff_ffff_d000 + offset),
        1 => (0..0x4000_u64).prop_map(|offset| 0x7ffe_ffff_e000 + offset),
    ]
}

/// A segment of odd numbers.
fn odd_segment() -> impl Strategy<Value = TestSegment> {
    let kind = prop_oneof![8 => Just(LOAD), 1 => 0..8_u32];
    let flags = prop_oneof![8 => 0..8_u32, 1 => any::<u32>()];
    let numbers = [(); 4].map(|()| odd_number());
    (kind, flags, numbers, prop_oneof![Just(0x1000), odd_number()]).prop_map(
        |(kind, flags, [offset, address, in_file_bytes, in_memory_bytes], alignment_bytes)| TestSegment {
            kind,
            flags,
            offset,
            address,
            in_file_bytes,
            in_memory_bytes,
            alignment_bytes,
        },
    )
}

/// Where which bytes are overwritten.
type Damage = Vec<(sample::Index, u8)>;

/// A few bytes to overwrite, all in the headers.
fn damage() -> impl Strategy<Value = Damage> {
    let byte = prop_oneof![any::<u8>(), 0..4_u8, 0xfe..=0xff_u8];
    vec((any::<sample::Index>(), byte), 1..6)
}

/// Overwrites bytes among the first.
fn damaged(mut file: Vec<u8>, damage: Damage, headers_bytes: usize) -> Vec<u8> {
    for (place, byte) in damage {
        let place = place.index(headers_bytes.min(file.len()));
        file[place] = byte;
    }
    file
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn meaningless_bytes_never_panic(file in vec(any::<u8>(), 0..512)) {
        assert!(planned(&file, &limits()).is_err());
    }

    #[test]
    fn meaningless_bytes_behind_a_sound_header_never_panic(tail in vec(any::<u8>(), 0..512)) {
        let file = [&example().bytes()[..64], &tail].concat();
        let _ = planned(&file, &limits());
    }

    #[test]
    fn odd_segments_never_panic(segments in vec(odd_segment(), 0..6), entry_point in odd_number(), size_bytes in 0..0x4000_usize) {
        let elf = TestElf { entry_point, segments, size_bytes };
        let _ = planned(&elf.bytes(), &limits());
    }

    #[test]
    fn one_odd_segment_in_a_sound_program_never_panics(odd in odd_segment(), place in 0..5_usize) {
        let mut elf = example();
        elf.segments.insert(place, odd);
        let _ = planned(&elf.bytes(), &limits());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn damaged_programs_never_panic(elf in programs(), damage in damage(), end in any::<sample::Index>()) {
        let file = damaged(elf.bytes(), damage, 64 + 56 * elf.segments.len());
        let _ = planned(&file, &limits());
        let _ = planned(&file[..end.index(file.len())], &limits());
    }

    #[test]
    fn damage_behind_the_headers_does_not_matter(elf in programs(), damage in damage()) {
        let mut file = elf.bytes();
        let before = planned(&file, &limits());
        let headers_bytes = 64 + 56 * elf.segments.len();
        let behind = damaged(file.split_off(headers_bytes), damage, usize::MAX);
        assert_eq!(planned(&[file, behind].concat(), &limits()), before);
    }
}
