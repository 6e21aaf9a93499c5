//! The boot loader's memory map, compared with a model that decides each frame by itself.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use memory_ranges::{
    BootClaim, BootMap, BootMapNote, BootMemoryKind, MemoryType, PhysRange, PhysicalRanges, find_first_piece,
};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;
use x86_64::PhysAddr;

/// Number of frames that the claims of the property tests can touch.
const FRAMES: u64 = 64;

fn claim(base: u64, length_bytes: u64, kind: BootMemoryKind) -> BootClaim {
    BootClaim {
        base,
        length_bytes,
        kind,
    }
}

fn range(start: u64, size_bytes: u64) -> PhysRange {
    PhysRange::new(PhysAddr::new(start), size_bytes).unwrap()
}

fn checked(claims: &[BootClaim]) -> BootMap {
    BootMap::from_claims(claims.iter().copied())
}

fn ranges(map: &BootMap) -> Vec<(PhysRange, BootMemoryKind)> {
    map.iter().collect()
}

/// Up to 12 claims in quarters of a frame, some of which wrap around or end far outside.
fn claims() -> impl Strategy<Value = Vec<BootClaim>> {
    let length = prop_oneof![
        12 => 0..=16 * 4u64,
        1 => Just((1u64 << 52) / 1024 + 1),
        1 => Just(u64::MAX / 1024),
    ];
    let kind = prop_oneof![Just(BootMemoryKind::Usable), select(BootMemoryKind::ALL.to_vec())];
    let parts = (0..FRAMES * 4, length, kind);
    let claim = parts.prop_map(|(base, length, kind)| claim(base * 1024, length * 1024, kind));
    proptest::collection::vec(claim, 0..12)
}

/// The expected kind of a frame, by the rule at the head of `boot_map.rs`.
fn expected_kind(claims: &[BootClaim], frame: u64) -> Option<BootMemoryKind> {
    let (first, end) = (u128::from(frame * 4096), u128::from((frame + 1) * 4096));
    let bytes = |claim: &BootClaim| {
        let base = u128::from(claim.base);
        (base, base + u128::from(claim.length_bytes))
    };
    let touches = |claim: &&BootClaim| {
        let (base, after) = bytes(claim);
        base < end && first < after && base < after
    };
    // A usable claim that reaches out of the address space says nothing, not even that frames are usable.
    let kind = claims.iter().filter(touches).map(|claim| claim.kind).max()?;
    let holds = |claim: &&BootClaim| {
        let (base, after) = bytes(claim);
        base <= first && end <= after && after <= 1 << 52
    };
    let mut of_kind = claims.iter().filter(|claim| claim.kind == kind);
    (kind.owner().is_none() || of_kind.any(|claim| holds(&claim))).then_some(kind)
}

#[test]
fn usable_memory_shrinks_to_whole_frames_and_reserved_memory_grows() {
    let usable = claim(0x1800, 0x8000, BootMemoryKind::Usable);
    let reserved = claim(0x4ff0, 0x20, BootMemoryKind::Reserved);
    let map = checked(&[usable, reserved]);
    assert_eq!(
        ranges(&map),
        [
            (range(0x2000, 0x2000), BootMemoryKind::Usable),
            (range(0x4000, 0x2000), BootMemoryKind::Reserved),
            (range(0x6000, 0x3000), BootMemoryKind::Usable),
        ]
    );
    assert_eq!(
        map.notes(),
        [
            BootMapNote::NotWholeFrames(usable),
            BootMapNote::SharesFrames {
                claim: reserved,
                with: BootMemoryKind::Usable
            },
        ]
    );
}

#[test]
fn a_claim_that_wraps_around_is_not_believed_but_what_it_touches_is_not_usable() {
    let usable = claim(0x10_0000, 0x10_0000, BootMemoryKind::Usable);
    let wrapping = claim(0x18_0000, u64::MAX, BootMemoryKind::BootLoaderReclaimable);
    let map = checked(&[wrapping, usable]);
    assert_eq!(ranges(&map), [(range(0x10_0000, 0x8_0000), BootMemoryKind::Usable)]);
    assert!(map.notes().contains(&BootMapNote::BeyondAddressSpace(wrapping)));

    let wrapping_usable = claim(0x18_0000, u64::MAX, BootMemoryKind::Usable);
    let map = checked(&[wrapping_usable, usable]);
    assert_eq!(ranges(&map), [(range(0x10_0000, 0x10_0000), BootMemoryKind::Usable)]);

    let reserved = claim(u64::MAX - 4095, 4096, BootMemoryKind::Reserved);
    assert_eq!(ranges(&checked(&[reserved])), []);
}

#[test]
fn a_claim_of_no_bytes_is_left_out() {
    let empty = claim(0x10_1800, 0, BootMemoryKind::BadMemory);
    let map = checked(&[empty, claim(0x10_0000, 0x4000, BootMemoryKind::Usable)]);
    assert_eq!(ranges(&map), [(range(0x10_0000, 0x4000), BootMemoryKind::Usable)]);
    assert_eq!(map.notes(), [BootMapNote::Empty(empty)]);
}

#[test]
fn page_0_is_managed_by_nobody() {
    let map = checked(&[claim(0, 0x9f000, BootMemoryKind::Usable)]);
    assert_eq!(ranges(&map), [(range(0, 0x9f000), BootMemoryKind::Usable)]);
    let physical = PhysicalRanges::from_boot_map(&map);
    assert!(physical.iter().eq([(range(0x1000, 0x9e000), MemoryType::Usable)]));
    let claims = [claim(0, 0x1000, BootMemoryKind::Usable)];
    assert_eq!(find_first_piece(claims.into_iter(), 0x1000), None);
}

#[test]
fn a_map_of_200_entries_in_any_order_keeps_every_one() {
    // 97 has no divisor in common with 200, so each entry comes once, and hardly any behind the one below it.
    let kinds = BootMemoryKind::ALL;
    let entry = |index: u64| {
        claim(
            index << 20,
            1 << 20,
            kinds[usize::try_from(index).unwrap() % kinds.len()],
        )
    };
    let map = BootMap::from_claims((0..200u64).map(|step| entry(step * 97 % 200)));
    assert_eq!(map.notes(), []);
    let expected: Vec<_> = (0..200)
        .map(|index| (range(index << 20, 1 << 20), entry(index).kind))
        .collect();
    assert_eq!(ranges(&map), expected);

    let physical = PhysicalRanges::from_boot_map(&map);
    let managed = expected.iter().filter(|(_, kind)| kind.owner().is_some()).count();
    assert_eq!(physical.iter().count(), managed);
    let bytes: u64 = physical.iter().map(|(range, _)| range.size_bytes()).sum();
    assert_eq!(bytes, (u64::try_from(managed).unwrap() << 20) - 4096);
}

#[test]
fn the_first_piece_is_the_highest_that_no_other_claim_touches() {
    let claims = [
        claim(0x0, 0x40_0000, BootMemoryKind::Usable),
        claim(0x60_0000, 0x80_0000, BootMemoryKind::Usable),
        claim(0xa0_0010, 0x10, BootMemoryKind::AcpiReclaimable),
        claim(0x100_0000, 0x1f_f000, BootMemoryKind::Usable),
    ];
    let find = |size_bytes| find_first_piece(claims.into_iter(), size_bytes);
    assert_eq!(find(0x1f_f000), Some(range(0x100_0000, 0x1f_f000)));
    assert_eq!(find(0x20_0000), Some(range(0xc0_0000, 0x20_0000)));
    assert_eq!(find(0x40_0000), Some(range(0x60_0000, 0x40_0000)));
    assert_eq!(find(0x60_0000), None);
    for no_size in [0, 0x1800, u64::MAX, 0_u64.wrapping_sub(0x1000)] {
        assert_eq!(find(no_size), None);
    }
}

proptest! {
    #[test]
    fn every_frame_is_of_the_most_restrictive_kind_that_touches_it(claims in claims()) {
        let map = checked(&claims);
        for frame in 0..FRAMES + 20 {
            let single = range(frame * 4096, 4096);
            let entry = map.iter().find(|(range, _)| range.contains(single));
            prop_assert_eq!(entry.map(|(_, kind)| kind), expected_kind(&claims, frame), "frame {}", frame);
        }
    }

    #[test]
    fn the_ranges_ascend_and_touching_ones_differ(claims in claims()) {
        for pair in ranges(&checked(&claims)).windows(2) {
            let ((first, first_kind), (second, second_kind)) = (pair[0], pair[1]);
            prop_assert!(first.last() < second.start());
            prop_assert!(first.last() + 1 < second.start() || first_kind != second_kind);
        }
    }

    #[test]
    fn the_order_of_the_claims_makes_no_difference(claims in claims(), turn in any::<proptest::sample::Index>()) {
        let mut turned = claims.clone();
        turned.rotate_left(if claims.is_empty() { 0 } else { turn.index(claims.len()) });
        prop_assert_eq!(ranges(&checked(&claims)), ranges(&checked(&turned)));
        turned.reverse();
        prop_assert_eq!(ranges(&checked(&claims)), ranges(&checked(&turned)));
    }

    #[test]
    fn any_claims_whatever_are_survived(
        claims in proptest::collection::vec((any::<u64>(), any::<u64>(), select(BootMemoryKind::ALL.to_vec())), 0..20),
    ) {
        let claims: Vec<_> = claims.into_iter().map(|(base, length, kind)| claim(base, length, kind)).collect();
        let map = checked(&claims);
        let allocatable = |(range, kind): &(PhysRange, BootMemoryKind)| {
            kind.owner().map_or(0, |_| range.size_bytes() - if range.start().is_null() { 4096 } else { 0 })
        };
        let physical = PhysicalRanges::from_boot_map(&map);
        let managed: u64 = physical.iter().map(|(range, _)| range.size_bytes()).sum();
        prop_assert_eq!(managed, ranges(&map).iter().map(allocatable).sum::<u64>());
    }

    #[test]
    fn the_first_piece_is_usable_in_the_checked_map_too(claims in claims(), count in 1u64..6) {
        let size_bytes = count * 4096;
        let piece = find_first_piece(claims.iter().copied(), size_bytes);
        let usable = |piece: PhysRange| {
            let frames = (0..piece.size_bytes() / 4096).map(|index| piece.start().as_u64() / 4096 + index);
            frames.into_iter().all(|frame| expected_kind(&claims, frame) == Some(BootMemoryKind::Usable))
        };
        let in_one_claim = |piece: PhysRange| claims.iter().any(|claim| {
            let end = u128::from(claim.base) + u128::from(claim.length_bytes);
            claim.kind == BootMemoryKind::Usable
                && end <= 1 << 52
                && claim.base <= piece.start().as_u64()
                && u128::from(piece.last().as_u64()) < end
        });
        let candidates = (1..FRAMES + 20).map(|frame| range(frame * 4096, size_bytes));
        prop_assert_eq!(piece, candidates.filter(|piece| usable(*piece) && in_one_claim(*piece)).max());
    }
}
