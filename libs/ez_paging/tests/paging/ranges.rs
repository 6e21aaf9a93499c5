//! Mapping and unmapping ranges.

use ez_paging::{Existing, Half, MapRangeError, PageSize, UnmapRangeError};
use x86_64::{PhysAddr, VirtAddr};

use crate::{
    fake_memory::FakeMemory,
    features::POOR,
    support::{
        DATA, GIB_1, HIGHER, KIB_4, MIB_2, Table, addresses, frame, kernel_table, kernel_table_on, map, map_range,
        page, unmap, unmap_all_in, unmap_range, user_table,
    },
};

/// The sizes of the pages from `start` on, up to the first address where nothing is mapped.
fn sizes(table: &Table<'_>, start: u64) -> Vec<PageSize> {
    let mut sizes = Vec::new();
    let mut address = start;
    while let Some(translation) = table.translate(VirtAddr::new(address)) {
        assert_eq!(translation.page.start().as_u64(), address);
        sizes.push(translation.page.size());
        address += translation.page.size().bytes();
    }
    sizes
}

#[test]
fn chooses_the_largest_pages_that_fit_wholly_inside() {
    let memory = FakeMemory::new();
    let mut table = kernel_table(&memory);
    let start = HIGHER + GIB_1 - MIB_2 - KIB_4;
    map_range(
        &mut table,
        start,
        5 * GIB_1 - MIB_2 - KIB_4,
        KIB_4 + MIB_2 + GIB_1 + MIB_2 + KIB_4,
    )
    .unwrap()
    .ignore();
    let expected = [
        PageSize::_4KiB,
        PageSize::_2MiB,
        PageSize::_1GiB,
        PageSize::_2MiB,
        PageSize::_4KiB,
    ];
    assert_eq!(sizes(&table, start), expected);
    let last = table.translate(VirtAddr::new(HIGHER + 2 * GIB_1 + MIB_2)).unwrap();
    assert_eq!(last.physical_address, PhysAddr::new(6 * GIB_1 + MIB_2));
}

#[test]
#[cfg_attr(miri, ignore = "hundreds of pages, which touch memory as the other tests do")]
fn chooses_no_1_gib_pages_on_a_cpu_without_them() {
    let memory = FakeMemory::new();
    let mut table = kernel_table_on(&memory, POOR);
    map_range(&mut table, HIGHER, 0, GIB_1).unwrap().ignore();
    for address in [HIGHER, HIGHER + GIB_1 - 1] {
        let translation = table.translate(VirtAddr::new(address)).unwrap();
        assert_eq!(translation.page.size(), PageSize::_2MiB);
    }
}

#[test]
#[cfg_attr(miri, ignore = "hundreds of pages, which touch memory as the other tests do")]
fn chooses_small_pages_where_the_frames_are_not_aligned() {
    let memory = FakeMemory::new();
    let mut table = kernel_table(&memory);
    map_range(&mut table, HIGHER, KIB_4, MIB_2).unwrap().ignore();
    for address in [HIGHER, HIGHER + MIB_2 - 1] {
        let translation = table.translate(VirtAddr::new(address)).unwrap();
        assert_eq!(translation.page.size(), PageSize::_4KiB);
    }
}

#[test]
fn a_range_may_end_at_the_last_address() {
    let memory = FakeMemory::new();
    let mut kernel = kernel_table(&memory);
    let mut user = user_table(&kernel);
    let length_bytes = MIB_2 + KIB_4;
    for (table, start) in [
        (&mut kernel, 0_u64.wrapping_sub(length_bytes)),
        (&mut user, 0x8000_0000_0000 - length_bytes),
    ] {
        map_range(table, start, MIB_2 - KIB_4, length_bytes).unwrap().ignore();
        let mut frames = Vec::new();
        let flush = unmap_range(table, start, length_bytes, &mut frames).unwrap();
        assert_eq!(
            frames,
            [frame(MIB_2 - KIB_4, PageSize::_4KiB), frame(MIB_2, PageSize::_2MiB)]
        );
        assert_eq!(addresses(&flush), [start, start + KIB_4]);
    }
}

#[test]
fn rejects_ranges_that_leave_their_half() {
    let memory = FakeMemory::new();
    let mut kernel = kernel_table(&memory);
    let mut user = user_table(&kernel);
    let top = u64::MAX - KIB_4 + 1;
    for (managed, start, length_bytes) in [
        (Half::Higher, top, 2 * KIB_4),
        (Half::Higher, top, u64::MAX - KIB_4 + 1),
        (Half::Higher, 0, KIB_4),
        (Half::Lower, 0x7fff_ffff_f000, 2 * KIB_4),
        (Half::Lower, 0, HIGHER + KIB_4),
        (Half::Lower, HIGHER, KIB_4),
    ] {
        let table = if managed == Half::Lower { &mut user } else { &mut kernel };
        let refused = map_range(table, start, 0, length_bytes).map(|_| ());
        let start = VirtAddr::new(start);
        let wrong_half = MapRangeError::WrongHalf {
            start,
            length_bytes,
            managed,
        };
        assert_eq!(refused, Err(wrong_half));
        let refused = unmap_range(table, start.as_u64(), length_bytes, &mut Vec::new()).map(|_| ());
        let wrong_half = UnmapRangeError::WrongHalf {
            start,
            length_bytes,
            managed,
        };
        assert_eq!(refused, Err(wrong_half));
    }
}

#[test]
fn rejects_ranges_above_the_cpus_physical_memory() {
    let memory = FakeMemory::new();
    let mut table = kernel_table(&memory);
    let limit = 1 << 40;
    for (physical_start, length_bytes) in [
        (limit - KIB_4, 2 * KIB_4),
        (limit, KIB_4),
        ((1 << 52) - KIB_4, KIB_4),
        (KIB_4, limit),
    ] {
        let too_high = MapRangeError::TooHigh {
            physical_start: PhysAddr::new(physical_start),
            length_bytes,
            last_address: PhysAddr::new(limit - 1),
        };
        assert_eq!(
            map_range(&mut table, HIGHER, physical_start, length_bytes).map(|_| ()),
            Err(too_high)
        );
    }
    assert!(map_range(&mut table, HIGHER, limit - KIB_4, KIB_4).is_ok());
}

#[test]
fn rejects_ranges_of_no_whole_pages() {
    let memory = FakeMemory::new();
    let mut table = kernel_table(&memory);
    for (start, physical_start, length_bytes) in [(HIGHER + 8, 0, KIB_4), (HIGHER, 8, KIB_4), (HIGHER, 0, 8)] {
        let misaligned = MapRangeError::Misaligned {
            start: VirtAddr::new(start),
            physical_start: PhysAddr::new(physical_start),
            length_bytes,
        };
        assert_eq!(
            map_range(&mut table, start, physical_start, length_bytes).map(|_| ()),
            Err(misaligned)
        );
    }
    let start = VirtAddr::new(HIGHER);
    let misaligned = UnmapRangeError::Misaligned { start, length_bytes: 8 };
    assert_eq!(
        unmap_range(&mut table, HIGHER, 8, &mut Vec::new()).map(|_| ()),
        Err(misaligned)
    );
}

#[test]
fn a_range_of_nothing_changes_nothing() {
    let memory = FakeMemory::new();
    let mut table = kernel_table(&memory);
    let before = memory.taken();
    assert_eq!(map_range(&mut table, HIGHER, 0, 0).unwrap().address_count(), 0);
    let flush = unmap_range(&mut table, HIGHER, 0, &mut Vec::new()).unwrap();
    assert_eq!(flush.address_count(), 0);
    assert_eq!(memory.taken(), before);
}

#[test]
fn a_range_over_a_mapped_page_is_not_mapped_at_all() {
    let memory = FakeMemory::new();
    let mut table = kernel_table(&memory);
    let existing = page(HIGHER + MIB_2 + KIB_4, PageSize::_4KiB);
    map(&mut table, existing, frame(0, PageSize::_4KiB), DATA)
        .unwrap()
        .ignore();
    let before = memory.taken();
    let refused = map_range(&mut table, HIGHER + GIB_1, 0, GIB_1).map(|_| ());
    assert_eq!(refused, Ok(()), "a neighbour is no hindrance");
    unmap(&mut table, page(HIGHER + GIB_1, PageSize::_1GiB))
        .unwrap()
        .flush
        .ignore();

    let refused = map_range(&mut table, HIGHER, KIB_4, 2 * MIB_2).map(|_| ());
    let existing = Existing::Page(existing);
    let page_in_the_way = page(HIGHER + MIB_2 + KIB_4, PageSize::_4KiB);
    assert_eq!(
        refused,
        Err(MapRangeError::AlreadyMapped {
            page: page_in_the_way,
            existing
        })
    );
    let refused = map_range(&mut table, HIGHER, 0, 2 * MIB_2).map(|_| ());
    let (page, existing) = (page(HIGHER + MIB_2, PageSize::_2MiB), Existing::SmallerPages);
    assert_eq!(refused, Err(MapRangeError::AlreadyMapped { page, existing }));
    assert_eq!(sizes(&table, HIGHER), []);
    assert_eq!(memory.taken(), before);
}

#[test]
fn a_range_with_a_gap_is_not_unmapped_at_all() {
    let memory = FakeMemory::new();
    let mut table = kernel_table(&memory);
    map_range(&mut table, HIGHER, 0, MIB_2 + 2 * KIB_4).unwrap().ignore();
    let mut frames = Vec::new();
    let refused = unmap_range(&mut table, HIGHER, MIB_2 + 3 * KIB_4, &mut frames).map(|_| ());
    let address = VirtAddr::new(HIGHER + MIB_2 + 2 * KIB_4);
    assert_eq!(refused, Err(UnmapRangeError::NotMapped { address }));
    assert_eq!(frames, []);
    assert_eq!(
        sizes(&table, HIGHER),
        [PageSize::_2MiB, PageSize::_4KiB, PageSize::_4KiB]
    );
}

#[test]
fn a_range_that_cuts_a_large_page_is_not_unmapped_at_all() {
    let memory = FakeMemory::new();
    let mut table = kernel_table(&memory);
    map_range(&mut table, HIGHER, 0, MIB_2 + KIB_4).unwrap().ignore();
    let mut frames = Vec::new();
    let page = page(HIGHER, PageSize::_2MiB);
    for (start, length_bytes) in [(HIGHER, KIB_4), (HIGHER + KIB_4, MIB_2)] {
        let refused = unmap_range(&mut table, start, length_bytes, &mut frames).map(|_| ());
        assert_eq!(refused, Err(UnmapRangeError::PageAcrossEnd { page }));
    }
    assert_eq!(frames, []);
    assert_eq!(sizes(&table, HIGHER), [PageSize::_2MiB, PageSize::_4KiB]);
}

#[test]
fn a_flush_names_an_address_in_every_page_of_the_range() {
    let memory = FakeMemory::new();
    let mut table = kernel_table(&memory);
    map_range(&mut table, HIGHER, 0, 2 * GIB_1 + 3 * MIB_2)
        .unwrap()
        .ignore();
    let flush = unmap_range(&mut table, HIGHER, 2 * GIB_1 + 3 * MIB_2, &mut Vec::new()).unwrap();
    let expected: Vec<u64> = (0..1027).map(|index| HIGHER + index * MIB_2).collect();
    assert_eq!(addresses(&flush), expected);
    assert_eq!(flush.address_count(), 1027);
}

/// Maps a page of this size to the frame of the same number in its half.
fn map_at(table: &mut Table<'_>, start: u64, size: PageSize) {
    map(table, page(start, size), frame(start % HIGHER, size), DATA)
        .expect("nothing is mapped there")
        .ignore();
}

#[test]
fn unmaps_what_there_is_and_passes_over_the_holes() {
    let memory = FakeMemory::new();
    let kernel = kernel_table(&memory);
    let mut table = user_table(&kernel);
    let before = memory.taken();
    let pages = [
        (KIB_4, PageSize::_4KiB),
        (MIB_2 - KIB_4, PageSize::_4KiB),
        (3 * MIB_2, PageSize::_2MiB),
        (4 * MIB_2, PageSize::_4KiB),
        (5 * GIB_1, PageSize::_1GiB),
        (600 * GIB_1, PageSize::_4KiB),
    ];
    for (start, size) in pages {
        map_at(&mut table, start, size);
    }
    map_at(&mut table, 601 * GIB_1, PageSize::_4KiB);
    let mut frames = Vec::new();
    let flush = unmap_all_in(&mut table, 0, 601 * GIB_1, &mut frames).unwrap();
    assert_eq!(frames, pages.map(|(start, size)| frame(start, size)));
    drop(flush);
    assert!(table.translate(VirtAddr::new(600 * GIB_1)).is_none());
    assert!(
        table.translate(VirtAddr::new(601 * GIB_1)).is_some(),
        "a page behind the range"
    );
    unmap_all_in(&mut table, 601 * GIB_1, KIB_4, &mut frames)
        .unwrap()
        .ignore();
    assert_eq!(memory.taken(), before, "tables are left");
    let flush = unmap_all_in(&mut table, 0, 601 * GIB_1, &mut Vec::new()).unwrap();
    assert_eq!(flush.address_count(), 0);
}

#[test]
fn a_page_across_an_end_of_what_is_unmapped_changes_nothing() {
    let memory = FakeMemory::new();
    let mut table = kernel_table(&memory);
    map_at(&mut table, HIGHER + MIB_2 - KIB_4, PageSize::_4KiB);
    map_at(&mut table, HIGHER + MIB_2, PageSize::_2MiB);
    let across = page(HIGHER + MIB_2, PageSize::_2MiB);
    for (start, length_bytes) in [(HIGHER, MIB_2 + KIB_4), (HIGHER + MIB_2 + KIB_4, MIB_2)] {
        let refused = unmap_all_in(&mut table, start, length_bytes, &mut Vec::new()).map(|_| ());
        assert_eq!(refused, Err(UnmapRangeError::PageAcrossEnd { page: across }));
    }
    for address in [HIGHER + MIB_2 - KIB_4, HIGHER + MIB_2] {
        assert!(table.translate(VirtAddr::new(address)).is_some());
    }
}
