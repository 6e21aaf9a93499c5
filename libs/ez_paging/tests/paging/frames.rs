//! Frames of tables: none leaks, and none is freed while a CPU may still walk through it.

use std::iter;

use ez_paging::{ManagedL4PageTable, OutOfFrames, Owned4KibFrame, PageSize, PagingConfig};
use x86_64::PhysAddr;

use crate::{
    fake_memory::FakeMemory,
    features::{RICH, features_of},
    support::{
        DATA, GIB_1, HIGHER, KIB_4, MIB_2, addresses, frame, kernel_table, map, map_range, page, seen, unmap,
        user_table,
    },
};

/// Frames of a kernel's table with nothing mapped: level 4, and level 3 for the whole half.
const KERNEL_TABLES: usize = 257;

#[test]
fn a_kernel_table_takes_all_its_level_3_tables_at_once() {
    let memory = FakeMemory::new();
    let table = kernel_table(&memory);
    assert_eq!(memory.taken(), KERNEL_TABLES);
    drop(table);
    assert_eq!(memory.taken(), 0);
}

#[test]
fn a_table_that_cannot_be_made_keeps_no_frame() {
    let memory = FakeMemory::new();
    let config = PagingConfig::new_kernel(&memory, features_of(RICH));
    for count in [0, 1, KERNEL_TABLES - 1] {
        memory.leave(count);
        assert_eq!(ManagedL4PageTable::new_kernel(config).map(|_| ()), Err(OutOfFrames));
        assert_eq!(memory.taken(), 0);
    }
    memory.leave(KERNEL_TABLES);
    let kernel = ManagedL4PageTable::new_kernel(config).unwrap();
    assert_eq!(ManagedL4PageTable::new_user(&kernel).map(|_| ()), Err(OutOfFrames));
    assert_eq!(memory.taken(), KERNEL_TABLES);
}

#[test]
fn a_page_that_cannot_be_mapped_keeps_no_frame() {
    let memory = FakeMemory::new();
    let kernel = kernel_table(&memory);
    let mut table = user_table(&kernel);
    let before = memory.taken();
    for (size, needed) in PageSize::DESCENDING.into_iter().zip(1..) {
        let target = page(0, size);
        for count in 0..needed {
            memory.leave(count);
            assert_eq!(
                map(&mut table, target, frame(0, size), DATA).map(|_| ()),
                Err(OutOfFrames.into())
            );
            assert_eq!(memory.taken(), before);
            assert_eq!(seen(&memory, &table, 0), None);
        }
        memory.leave(needed);
        map(&mut table, target, frame(0, size), DATA).unwrap().ignore();
        assert_eq!(memory.taken(), before + needed);
        unmap(&mut table, target).unwrap().flush.ignore();
        assert_eq!(memory.taken(), before);
    }
}

#[test]
fn a_range_takes_as_many_frames_as_it_needs_or_none() {
    let memory = FakeMemory::new();
    let kernel = kernel_table(&memory);
    let mut table = user_table(&kernel);
    let before = memory.taken();
    // The last page below 1 GiB, 1 GiB, and 2 MiB and a page behind it: level 3; levels 2 and 1 before, and behind.
    let (start, needed) = (GIB_1 - KIB_4, 5);
    let length_bytes = KIB_4 + GIB_1 + MIB_2 + KIB_4;
    for count in 0..needed {
        memory.leave(count);
        let refused = map_range(&mut table, start, start, length_bytes).map(|_| ());
        assert_eq!(refused, Err(OutOfFrames.into()));
        assert_eq!(memory.taken(), before);
        assert_eq!(seen(&memory, &table, start), None);
    }
    memory.leave(needed);
    map_range(&mut table, start, start, length_bytes).unwrap().ignore();
    assert_eq!(memory.taken(), before + needed);
}

#[test]
fn a_programs_empty_tables_go_back_after_the_flush_and_not_before() {
    let memory = FakeMemory::new();
    let kernel = kernel_table(&memory);
    let mut table = user_table(&kernel);
    let before = memory.taken();
    let (first, second) = (page(0, PageSize::_4KiB), page(MIB_2, PageSize::_4KiB));
    for target in [first, second] {
        map(&mut table, target, frame(0, PageSize::_4KiB), DATA)
            .unwrap()
            .ignore();
    }
    assert_eq!(memory.taken(), before + 4);
    unmap(&mut table, first).unwrap().flush.ignore();
    assert_eq!(
        memory.taken(),
        before + 3,
        "the tables that the second page needs are still there"
    );

    let flush = unmap(&mut table, second).unwrap().flush;
    assert_eq!(memory.taken(), before + 3, "a CPU may still walk through them");
    assert_eq!(seen(&memory, &table, MIB_2), None);
    let mut flushed = Vec::new();
    flush.flush_by(|address| flushed.push((address.as_u64(), memory.taken())));
    assert_eq!(flushed, [(MIB_2, before + 3)]);
    assert_eq!(memory.taken(), before);
}

#[test]
fn a_table_that_waits_for_the_flush_leads_nowhere() {
    let memory = FakeMemory::new();
    let kernel = kernel_table(&memory);
    let mut table = user_table(&kernel);
    let target = page(0, PageSize::_4KiB);
    map(&mut table, target, frame(0, PageSize::_4KiB), DATA)
        .unwrap()
        .ignore();
    // The way that a CPU remembers: the tables of level 3, 2 and 1.
    let tables: Vec<PhysAddr> = iter::successors(Some(table.frame().start_address()), |table| {
        Some(PhysAddr::new_truncate(memory.read(*table) & 0x000f_ffff_ffff_f000))
    })
    .skip(1)
    .take(3)
    .collect();
    let flush = unmap(&mut table, target).unwrap().flush;
    for table in tables {
        for index in 0..512 {
            assert_eq!(memory.read(table + index * 8) & 1, 0, "not present");
        }
    }
    flush.ignore();
}

#[test]
fn frame_0_can_hold_a_table() {
    let memory = FakeMemory::new();
    let frame_0 = Owned4KibFrame::allocate(&memory).unwrap();
    assert_eq!(frame_0.frame().start_address(), PhysAddr::zero());
    let kernel = kernel_table(&memory);
    let mut table = user_table(&kernel);
    let before = memory.taken() - 1;
    // The next frame taken is frame 0.
    drop(frame_0);
    map(&mut table, page(0, PageSize::_4KiB), frame(0, PageSize::_4KiB), DATA)
        .unwrap()
        .ignore();
    assert_eq!(memory.taken(), before + 3);
    assert_eq!(seen(&memory, &table, KIB_4 - 1).unwrap().physical_address, KIB_4 - 1);
    unmap(&mut table, page(0, PageSize::_4KiB)).unwrap().flush.ignore();
    assert_eq!(memory.taken(), before);
}

#[test]
fn the_kernels_empty_tables_stay() {
    let memory = FakeMemory::new();
    let mut table = kernel_table(&memory);
    let target = page(HIGHER, PageSize::_4KiB);
    for _ in 0..3 {
        map(&mut table, target, frame(0, PageSize::_4KiB), DATA)
            .unwrap()
            .ignore();
        unmap(&mut table, target).unwrap().flush.ignore();
        assert_eq!(memory.taken(), KERNEL_TABLES + 2);
    }
}

#[test]
fn a_large_page_takes_the_place_of_empty_tables() {
    let memory = FakeMemory::new();
    let mut table = kernel_table(&memory);
    for index in 0..3 {
        let target = page(HIGHER + index * MIB_2, PageSize::_4KiB);
        map(&mut table, target, frame(0, PageSize::_4KiB), DATA)
            .unwrap()
            .ignore();
        unmap(&mut table, target).unwrap().flush.ignore();
    }
    assert_eq!(memory.taken(), KERNEL_TABLES + 4);

    let large = page(HIGHER + MIB_2, PageSize::_2MiB);
    let flush = map(&mut table, large, frame(0, PageSize::_2MiB), DATA).unwrap();
    assert_eq!(addresses(&flush), [HIGHER + MIB_2]);
    assert_eq!(memory.taken(), KERNEL_TABLES + 4, "a CPU may still walk through it");
    flush.ignore();
    assert_eq!(memory.taken(), KERNEL_TABLES + 3);
    unmap(&mut table, large).unwrap().flush.ignore();

    let larger = page(HIGHER, PageSize::_1GiB);
    let flush = map(&mut table, larger, frame(0, PageSize::_1GiB), DATA).unwrap();
    assert_eq!(addresses(&flush), [HIGHER]);
    assert_eq!(seen(&memory, &table, HIGHER).unwrap().size, PageSize::_1GiB);
    flush.ignore();
    assert_eq!(memory.taken(), KERNEL_TABLES);
}

#[test]
fn a_dropped_table_gives_back_all_its_tables() {
    let memory = FakeMemory::new();
    let mut kernel = kernel_table(&memory);
    map_range(&mut kernel, HIGHER + GIB_1 - MIB_2 - KIB_4, 0, 2 * MIB_2 + KIB_4)
        .unwrap()
        .ignore();
    let with_kernel = memory.taken();
    let mut user = user_table(&kernel);
    for start in [0, 0x7fff_ffff_f000, 511 * KIB_4, 0x4000_0000_0000] {
        map(&mut user, page(start, PageSize::_4KiB), frame(0, PageSize::_4KiB), DATA)
            .unwrap()
            .ignore();
    }
    assert!(memory.taken() > with_kernel + 3);
    drop(user);
    assert_eq!(memory.taken(), with_kernel);
    drop(kernel);
    assert_eq!(memory.taken(), 0);
}

#[test]
fn an_owned_frame_goes_back_once() {
    let memory = FakeMemory::new();
    let owned = Owned4KibFrame::allocate(&memory).unwrap();
    let frame = owned.frame();
    assert_eq!(owned.into_frame(), frame);
    assert_eq!(memory.taken(), 1);
    // SAFETY: The frame was just taken out of its owner.
    drop(unsafe { Owned4KibFrame::from_frame(&memory, frame) });
    assert_eq!(memory.taken(), 0);
}
