//! Mapping, changing and unmapping single pages.

use ez_paging::{ConfigurableFlags, Existing, Half, MapError, MappedPageError, PageSize, PatMemoryType};
use x86_64::{PhysAddr, VirtAddr};

use crate::{
    fake_memory::FakeMemory,
    features::{FakeCpuId, POOR, RICH},
    support::{
        DATA, GIB_1, HIGHER, KIB_4, MIB_2, TEXT, addresses, frame, kernel_table, kernel_table_on, map, page, seen,
        unmap, user_table,
    },
};

#[test]
fn maps_every_size_to_where_the_cpu_finds_it() {
    let memory = FakeMemory::new();
    let mut table = kernel_table(&memory);
    for (index, size) in (1..).zip(PageSize::DESCENDING) {
        let (start, physical_start) = (HIGHER + 2 * index * GIB_1, index * GIB_1);
        let flush = map(&mut table, page(start, size), frame(physical_start, size), DATA).unwrap();
        assert_eq!(flush.address_count(), 0);
        for offset in [0, 123, size.bytes() - 1] {
            let found = seen(&memory, &table, start + offset).unwrap();
            assert_eq!((found.physical_address, found.size), (physical_start + offset, size));
            let translation = table.translate(VirtAddr::new(start + offset)).unwrap();
            assert_eq!(translation.physical_address, PhysAddr::new(physical_start + offset));
            assert_eq!(translation.page, page(start, size));
            assert_eq!(translation.frame, frame(physical_start, size));
            assert_eq!(translation.flags, DATA);
        }
        assert_eq!(seen(&memory, &table, start - 1), None);
        assert_eq!(table.translate(VirtAddr::new(start - 1)), None);
        assert_eq!(seen(&memory, &table, start + size.bytes()), None);
    }
}

#[test]
fn every_choice_of_flags_reaches_the_cpu() {
    let memory = FakeMemory::new();
    let kernel = kernel_table(&memory);
    let mut table = user_table(&kernel);
    let memory_types = [
        PatMemoryType::WriteBack,
        PatMemoryType::WriteThrough,
        PatMemoryType::WriteCombining,
        PatMemoryType::UncachedMinus,
        PatMemoryType::StrongUncacheable,
    ];
    for size in PageSize::DESCENDING {
        let target = page(0, size);
        for (bits, pat_memory_type) in (0..4).flat_map(|bits| memory_types.map(|memory_type| (bits, memory_type))) {
            let (writable, executable) = (bits & 1 != 0, bits & 2 != 0);
            let flags = ConfigurableFlags {
                writable,
                executable,
                pat_memory_type,
            };
            map(&mut table, target, frame(0, size), flags).unwrap().ignore();
            let found = seen(&memory, &table, 0).unwrap();
            assert_eq!(
                (found.writable, found.executable, found.memory_type),
                (writable, executable, pat_memory_type)
            );
            assert_eq!((found.user, found.global, found.physical_address), (true, false, 0));
            assert_eq!(table.translate(VirtAddr::zero()).unwrap().flags, flags);
            let flush = unmap(&mut table, target).unwrap().flush;
            assert_eq!(addresses(&flush), [0]);
        }
    }
}

#[test]
fn kernel_pages_are_global_and_not_for_programs() {
    let memory = FakeMemory::new();
    let mut table = kernel_table(&memory);
    map(
        &mut table,
        page(HIGHER, PageSize::_4KiB),
        frame(0, PageSize::_4KiB),
        DATA,
    )
    .unwrap()
    .ignore();
    let found = seen(&memory, &table, HIGHER).unwrap();
    assert_eq!((found.user, found.global), (false, true));
}

#[test]
fn a_cpu_without_features_gets_no_reserved_bit() {
    let memory = FakeMemory::new();
    let mut table = kernel_table_on(&memory, POOR);
    let flags = ConfigurableFlags {
        pat_memory_type: PatMemoryType::WriteCombining,
        ..DATA
    };
    for (start, size) in [(HIGHER, PageSize::_4KiB), (HIGHER + GIB_1, PageSize::_2MiB)] {
        map(&mut table, page(start, size), frame(0, size), flags)
            .unwrap()
            .ignore();
        let found = seen(&memory, &table, start).unwrap();
        assert_eq!(
            (found.executable, found.global, found.memory_type),
            (true, false, PatMemoryType::UncachedMinus)
        );
        let flags = table.translate(VirtAddr::new(start)).unwrap().flags;
        assert_eq!(
            (flags.executable, flags.pat_memory_type),
            (true, PatMemoryType::UncachedMinus)
        );
    }
}

#[test]
fn the_first_and_the_last_page_are_pages_like_others() {
    let memory = FakeMemory::new();
    let mut kernel = kernel_table(&memory);
    let mut user = user_table(&kernel);
    let last_frame = frame((1 << 40) - KIB_4, PageSize::_4KiB);
    for start in [0, 0x7fff_ffff_f000, HIGHER, 0xffff_ffff_ffff_f000] {
        let table = if start < HIGHER { &mut user } else { &mut kernel };
        let target = page(start, PageSize::_4KiB);
        assert_eq!(table.translate(target.start()), None);
        map(table, target, last_frame, TEXT).unwrap().ignore();
        assert_eq!(
            seen(&memory, table, target.last().as_u64()).unwrap().physical_address,
            (1 << 40) - 1
        );
        let unmapped = unmap(table, target).unwrap();
        assert_eq!(unmapped.frame, last_frame);
        assert_eq!(addresses(&unmapped.flush), [start]);
        assert_eq!(seen(&memory, table, start), None);
    }
}

#[test]
fn rejects_pages_of_the_other_half() {
    let memory = FakeMemory::new();
    let mut kernel = kernel_table(&memory);
    let mut user = user_table(&kernel);
    for (table, start, managed) in [(&mut kernel, 0, Half::Higher), (&mut user, HIGHER, Half::Lower)] {
        let page = page(start, PageSize::_4KiB);
        let refused = map(table, page, frame(0, PageSize::_4KiB), DATA).map(|_| ());
        assert_eq!(refused, Err(MapError::WrongHalf { page, managed }));
        let refused = unmap(table, page).map(|_| ());
        assert_eq!(refused, Err(MappedPageError::WrongHalf { page, managed }));
    }
}

#[test]
fn rejects_a_frame_of_another_size() {
    let memory = FakeMemory::new();
    let mut table = kernel_table(&memory);
    let (page, frame) = (page(HIGHER, PageSize::_4KiB), frame(0, PageSize::_2MiB));
    let refused = map(&mut table, page, frame, DATA).map(|_| ());
    assert_eq!(refused, Err(MapError::WrongPageSize { page, frame }));
}

#[test]
fn rejects_1_gib_pages_on_a_cpu_without_them() {
    let memory = FakeMemory::new();
    let mut table = kernel_table_on(&memory, POOR);
    let page = page(HIGHER, PageSize::_1GiB);
    let refused = map(&mut table, page, frame(0, PageSize::_1GiB), DATA).map(|_| ());
    let max_page_size = PageSize::_2MiB;
    assert_eq!(refused, Err(MapError::UnsupportedPageSize { page, max_page_size }));
}

#[test]
fn rejects_frames_above_the_cpus_physical_memory() {
    let memory = FakeMemory::new();
    let narrow = FakeCpuId {
        address_sizes: Some(36),
        ..RICH
    };
    let mut table = kernel_table_on(&memory, narrow);
    let last_address = PhysAddr::new((1 << 36) - 1);
    for size in PageSize::DESCENDING {
        let page = page(HIGHER, size);
        let too_high = frame(1 << 36, size);
        let refused = map(&mut table, page, too_high, DATA).map(|_| ());
        let frame_too_high = MapError::FrameTooHigh {
            frame: too_high,
            last_address,
        };
        assert_eq!(refused, Err(frame_too_high));
    }
    let last = frame((1 << 36) - KIB_4, PageSize::_4KiB);
    assert!(map(&mut table, page(HIGHER, PageSize::_4KiB), last, DATA).is_ok());
}

#[test]
fn rejects_pages_over_mapped_ones() {
    let memory = FakeMemory::new();
    let mut table = kernel_table(&memory);
    for mapped_size in PageSize::DESCENDING {
        let mapped = page(HIGHER + GIB_1, mapped_size);
        map(&mut table, mapped, frame(GIB_1, mapped_size), TEXT)
            .unwrap()
            .ignore();
        for size in PageSize::DESCENDING {
            let page = page(HIGHER + GIB_1, size);
            let refused = map(&mut table, page, frame(0, size), DATA).map(|_| ());
            let existing = if size > mapped_size {
                Existing::SmallerPages
            } else {
                Existing::Page(mapped)
            };
            assert_eq!(refused, Err(MapError::AlreadyMapped { page, existing }));
        }
        let translation = table.translate(mapped.start()).unwrap();
        assert_eq!((translation.page, translation.flags), (mapped, TEXT));
        unmap(&mut table, mapped).unwrap().flush.ignore();
    }
}

#[test]
fn rejects_to_split_or_join_pages() {
    let memory = FakeMemory::new();
    let mut table = kernel_table(&memory);
    for mapped_size in PageSize::DESCENDING {
        let mapped = page(HIGHER + GIB_1, mapped_size);
        map(&mut table, mapped, frame(GIB_1, mapped_size), TEXT)
            .unwrap()
            .ignore();
        for size in PageSize::DESCENDING.into_iter().filter(|size| *size != mapped_size) {
            let page = page(HIGHER + GIB_1, size);
            let existing = if size > mapped_size {
                Existing::SmallerPages
            } else {
                Existing::Page(mapped)
            };
            let wrong_size = MappedPageError::WrongPageSize { page, existing };
            assert_eq!(unmap(&mut table, page).map(|_| ()), Err(wrong_size));
        }
        assert_eq!(table.translate(mapped.start()).unwrap().flags, TEXT);
        unmap(&mut table, mapped).unwrap().flush.ignore();
    }
}

#[test]
fn rejects_to_unmap_what_is_not_mapped() {
    let memory = FakeMemory::new();
    let mut table = kernel_table(&memory);
    // The second round finds the empty tables that the first one's pages left behind.
    for _ in 0..2 {
        for size in PageSize::DESCENDING {
            let page = page(HIGHER, size);
            assert_eq!(
                unmap(&mut table, page).map(|_| ()),
                Err(MappedPageError::NotMapped { page })
            );
        }
        let page = page(HIGHER + MIB_2 - KIB_4, PageSize::_4KiB);
        map(&mut table, page, frame(0, PageSize::_4KiB), DATA).unwrap().ignore();
        unmap(&mut table, page).unwrap().flush.ignore();
    }
}
