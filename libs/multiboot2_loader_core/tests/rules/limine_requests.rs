//! Rules of the kernel's requests.

use super::support::{put, word};
use multiboot2_loader_core::address::VirtAddr;
use multiboot2_loader_core::limine_requests::id::RequestKind;
use multiboot2_loader_core::limine_requests::{RequestError, Requests};
use proptest::prelude::{any, proptest};
use proptest::{collection, prop_assert_eq, sample};

// The numbers of the protocol, written out a second time on purpose.
const MAGIC: [u64; 2] = [0xc7b1_dd30_df4c_8b88, 0x0a82_e883_a194_f07b];
const START: [u64; 4] = [
    0xf6b8_f4b3_9de7_d1ae,
    0xfab9_1a69_40fc_b9cf,
    0x785c_6ed0_15d3_e316,
    0x181e_920a_7852_b9d9,
];
const END: [u64; 2] = [0xadc0_e053_1bb1_0d03, 0x9572_709f_3176_4c62];
const REVISION_TAG: [u64; 2] = [0xf956_2b2d_5c95_a6c8, 0x6a7b_3849_4453_6bdc];
const HHDM: [u64; 2] = [0x48dc_f1cb_8ad2_b852, 0x6398_4e95_9a98_244b];

pub(crate) const ALL_KINDS: [RequestKind; RequestKind::COUNT] = [
    RequestKind::BootloaderInfo,
    RequestKind::ExecutableCmdline,
    RequestKind::ExecutableFile,
    RequestKind::FirmwareType,
    RequestKind::StackSize,
    RequestKind::Hhdm,
    RequestKind::FrameBuffer,
    RequestKind::PagingMode,
    RequestKind::Mp,
    RequestKind::MemoryMap,
    RequestKind::EntryPoint,
    RequestKind::Modules,
    RequestKind::Rsdp,
    RequestKind::ExecutableAddress,
    RequestKind::DateAtBoot,
    RequestKind::EfiSystemTable,
    RequestKind::Smbios,
    RequestKind::KeepIommu,
];

pub(crate) fn words(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// A request: magic, id, revision, the response's place, arguments.
pub(crate) fn request(id: [u64; 2], revision: u64, arguments: &[u64]) -> Vec<u8> {
    words(&[&MAGIC[..], &id, &[revision, 0], arguments].concat())
}

pub(crate) fn base_revision(wanted: u64) -> Vec<u8> {
    words(&[REVISION_TAG[0], REVISION_TAG[1], wanted])
}

fn scan(pieces: &[Vec<u8>]) -> Result<Requests, RequestError> {
    Requests::scan(&pieces.concat())
}

#[test]
fn every_id_is_the_protocols() {
    // One id by its number here, the others against each other: an id twice would be a request lost.
    assert_eq!(RequestKind::Hhdm.id(), HHDM);
    for (index, kind) in ALL_KINDS.into_iter().enumerate() {
        assert_eq!(kind as usize, index);
        let found = scan(&[request(kind.id(), 0, &[0, 0, 0])]).expect("all is well");
        for other in ALL_KINDS {
            assert_eq!(found.contains(other), other == kind, "{kind:?} {other:?}");
        }
    }
}

#[test]
fn a_request_is_found_only_at_a_multiple_of_eight() {
    for offset in 0..24 {
        let found = scan(&[vec![0; offset], request(HHDM, 0, &[])]).expect("all is well");
        assert_eq!(found.contains(RequestKind::Hhdm), offset % 8 == 0, "{offset}");
    }
}

#[test]
fn unknown_requests_are_passed_over_even_twice() {
    let unknown = request([1, 2], 0, &[]);
    let found = scan(&[unknown.clone(), unknown, request(HHDM, 0, &[])]).expect("all is well");
    assert!(found.contains(RequestKind::Hhdm));
}

#[test]
fn requests_before_the_start_marker_do_not_count() {
    let found = scan(&[
        request(HHDM, 0, &[]),
        request(HHDM, 0, &[]),
        words(&START),
        request(RequestKind::Rsdp.id(), 0, &[]),
    ]);
    let found = found.expect("not even a duplicate counts there");
    assert!(!found.contains(RequestKind::Hhdm) && found.contains(RequestKind::Rsdp));
}

#[test]
fn requests_behind_the_end_marker_do_not_count() {
    let found = scan(&[
        request(HHDM, 0, &[]),
        words(&END),
        request(HHDM, 0, &[]),
        request(RequestKind::Rsdp.id(), 0, &[]),
    ]);
    let found = found.expect("not even a duplicate counts there");
    assert!(found.contains(RequestKind::Hhdm) && !found.contains(RequestKind::Rsdp));
}

#[test]
fn half_a_magic_is_no_request_and_no_tag() {
    let half_request = words(&[MAGIC[0], 0, HHDM[0], HHDM[1], 0, 0]);
    let half_tag = words(&[REVISION_TAG[0], 0, 6]);
    let found = scan(&[half_request, half_tag]).expect("all is well");
    assert!(!found.contains(RequestKind::Hhdm));
    assert_eq!(found.base_revision().err(), Some(RequestError::NoBaseRevision));
}

#[test]
fn half_a_marker_is_none() {
    let half_end = words(&[END[0], 0]);
    let found = scan(&[
        request(HHDM, 0, &[]),
        words(&START[..3]),
        half_end,
        request(RequestKind::Rsdp.id(), 0, &[]),
    ]);
    let found = found.expect("all is well");
    assert!(found.contains(RequestKind::Hhdm) && found.contains(RequestKind::Rsdp));
}

#[test]
fn the_base_revision_may_stand_before_the_start_marker() {
    let found = scan(&[base_revision(4), words(&START)]).expect("all is well");
    assert_eq!(found.base_revision().map(|revision| revision.as_u64()), Ok(4));
}

#[test]
fn rejects_a_request_made_twice() {
    let error = scan(&[request(HHDM, 0, &[]), request(HHDM, 1, &[])]).expect_err("it is there twice");
    assert_eq!(
        error,
        RequestError::Duplicate {
            kind: RequestKind::Hhdm,
            first: 0,
            second: 48
        }
    );
}

#[test]
fn rejects_a_second_base_revision() {
    let error = scan(&[base_revision(3), base_revision(3)]).expect_err("it is there twice");
    assert_eq!(error, RequestError::DuplicateBaseRevision { first: 0, second: 24 });
}

#[test]
fn rejects_a_request_that_is_cut_short() {
    let whole = request(RequestKind::StackSize.id(), 0, &[1 << 20]);
    assert!(Requests::scan(&whole).is_ok());
    for length in [24, 40, 48, 55] {
        assert_eq!(
            Requests::scan(&whole[..length]).err(),
            Some(RequestError::CutShort { offset: 0 }),
            "{length}"
        );
    }
    // A request without arguments still needs room for the response's address.
    let cut = request(HHDM, 0, &[]);
    assert_eq!(
        Requests::scan(&cut[..40]).err(),
        Some(RequestError::CutShort { offset: 0 })
    );
}

#[test]
fn base_revisions_three_to_six_are_granted() {
    for wanted in 3..=6 {
        let mut image = [vec![0; 8], base_revision(wanted)].concat();
        let found = Requests::scan(&image).expect("all is well");
        assert_eq!(
            found.grant_base_revision(&mut image).map(|revision| revision.as_u64()),
            Ok(wanted)
        );
        assert_eq!(
            [word(&image, 8), word(&image, 16), word(&image, 24)],
            [REVISION_TAG[0], wanted, 0]
        );
    }
}

#[test]
fn a_later_base_revision_is_answered_with_six_and_not_granted() {
    let mut image = base_revision(9);
    let found = Requests::scan(&image).expect("all is well");
    assert_eq!(
        found.grant_base_revision(&mut image).map(|revision| revision.as_u64()),
        Ok(6)
    );
    assert_eq!([word(&image, 8), word(&image, 16)], [6, 9]);
}

#[test]
fn rejects_base_revisions_below_three_and_none_at_all() {
    for wanted in 0..3 {
        let mut image = base_revision(wanted);
        let found = Requests::scan(&image).expect("all is well");
        let error = found.grant_base_revision(&mut image).err();
        assert_eq!(error, Some(RequestError::BaseRevisionTooOld { revision: wanted }));
        assert_eq!(image, base_revision(wanted));
    }
    assert_eq!(
        scan(&[]).expect("nothing is wrong yet").base_revision().err(),
        Some(RequestError::NoBaseRevision)
    );
}

#[test]
fn stacks_are_at_least_64_kib_and_whole_pages() {
    let size_for = |wanted| {
        scan(&[request(RequestKind::StackSize.id(), 0, &[wanted])])
            .expect("all is well")
            .stack_size_bytes()
    };
    assert_eq!(scan(&[]).expect("all is well").stack_size_bytes(), Ok(64 << 10));
    assert_eq!(size_for(1), Ok(64 << 10));
    assert_eq!(size_for(0x2_0001), Ok(0x2_1000));
    assert_eq!(
        size_for(u64::MAX),
        Err(RequestError::StackSize { size_bytes: u64::MAX })
    );
}

#[test]
fn arguments_are_read() {
    let found = scan(&[
        request(RequestKind::Mp.id(), 0, &[1]),
        request(RequestKind::EntryPoint.id(), 0, &[0xffff_ffff_8000_1234]),
    ]);
    let found = found.expect("all is well");
    assert_eq!(found.mp().map(|request| request.wants_x2apic), Some(true));
    assert_eq!(found.entry_point(), Some(VirtAddr::new(0xffff_ffff_8000_1234)));
    assert!(!found.keeps_iommu());
    let found = scan(&[
        request(RequestKind::Mp.id(), 0, &[2]),
        request(RequestKind::KeepIommu.id(), 0, &[]),
    ])
    .expect("all is well");
    assert_eq!(found.mp().map(|request| request.wants_x2apic), Some(false));
    assert!(found.keeps_iommu() && found.entry_point().is_none());
}

#[test]
fn rejects_a_kernel_that_insists_on_five_levels() {
    let paging_mode = |revision, minimum| {
        scan(&[request(RequestKind::PagingMode.id(), revision, &[1, 1, minimum])])
            .expect("all is well")
            .check_paging_mode()
    };
    assert_eq!(paging_mode(1, 0), Ok(()));
    assert_eq!(paging_mode(1, 1), Err(RequestError::PagingMode { minimum: 1 }));
    // Revision 0 of the request has no minimum: what stands there is not meant.
    assert_eq!(paging_mode(0, 1), Ok(()));
}

#[test]
fn a_response_goes_to_its_requests_pointer_and_nowhere_else() {
    let mut image = [vec![0; 16], request(HHDM, 7, &[9])].concat();
    let before = image.clone();
    let found = Requests::scan(&image).expect("all is well");
    found.point_to(RequestKind::Rsdp, VirtAddr::new(1), &mut image);
    assert_eq!(image, before);
    found.point_to(RequestKind::Hhdm, VirtAddr::new(0xffff_8000_0000_1000), &mut image);
    let mut expected = before;
    put(&mut expected, 16 + 40, 0xffff_8000_0000_1000_u64.to_le_bytes());
    assert_eq!(image, expected);
}

proptest! {
    #[test]
    fn no_image_makes_it_panic(
        pieces in collection::vec(sample::select(vec![
            request(HHDM, 0, &[]),
            request(RequestKind::PagingMode.id(), 1, &[0, 0, 0]),
            request(RequestKind::Mp.id(), 0, &[1]),
            base_revision(6),
            words(&START),
            words(&END),
            vec![0; 8],
            vec![1; 4],
        ]), 0..8),
        cut in any::<sample::Index>(),
    ) {
        let image = pieces.concat();
        let cut = cut.index(image.len() + 1);
        let mut image = image[..cut].to_vec();
        if let Ok(found) = Requests::scan(&image) {
            let length = image.len();
            _ = found.grant_base_revision(&mut image);
            for kind in ALL_KINDS {
                found.point_to(kind, VirtAddr::new(u64::MAX), &mut image);
            }
            prop_assert_eq!(image.len(), length);
        }
    }
}
