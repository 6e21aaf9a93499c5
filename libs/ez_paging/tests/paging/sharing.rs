//! The kernel's half is the same in all address spaces, the lower half is each program's own.

use ez_paging::{Half, PageSize};
use x86_64::{
    VirtAddr,
    structures::paging::{PageTableFlags, PageTableIndex},
};

use crate::{
    fake_memory::FakeMemory,
    support::{DATA, GIB_1, HIGHER, KIB_4, TEXT, frame, kernel_table, map, page, seen, unmap, user_table},
};

#[test]
fn what_the_kernel_maps_later_is_seen_in_every_address_space() {
    let memory = FakeMemory::new();
    let mut kernel = kernel_table(&memory);
    let users = [user_table(&kernel), user_table(&kernel)];
    for (start, size) in [
        (HIGHER, PageSize::_4KiB),
        (HIGHER + 700 * GIB_1, PageSize::_2MiB),
        (0xffff_ffff_c000_0000, PageSize::_1GiB),
    ] {
        let target = page(start, size);
        map(&mut kernel, target, frame(0, size), DATA).unwrap().ignore();
        for user in &users {
            let found = seen(&memory, user, target.last().as_u64());
            assert_eq!(found, seen(&memory, &kernel, target.last().as_u64()));
            assert_eq!(found.unwrap().physical_address, size.bytes() - 1);
        }
        unmap(&mut kernel, target).unwrap().flush.ignore();
        for user in &users {
            assert_eq!(seen(&memory, user, start), None);
        }
        map(&mut kernel, target, frame(0, size), TEXT).unwrap().ignore();
        for user in &users {
            assert!(!seen(&memory, user, start).unwrap().writable);
        }
    }
}

#[test]
fn a_program_sees_nothing_of_another() {
    let memory = FakeMemory::new();
    let kernel = kernel_table(&memory);
    let mut first = user_table(&kernel);
    let second = user_table(&kernel);
    map(
        &mut first,
        page(KIB_4, PageSize::_4KiB),
        frame(0, PageSize::_4KiB),
        DATA,
    )
    .unwrap()
    .ignore();
    assert!(seen(&memory, &first, KIB_4).unwrap().user);
    assert_eq!(seen(&memory, &second, KIB_4), None);
    assert_eq!(seen(&memory, &kernel, KIB_4), None);
}

#[test]
fn a_dropped_program_takes_nothing_of_the_kernel_along() {
    let memory = FakeMemory::new();
    let mut kernel = kernel_table(&memory);
    let user = user_table(&kernel);
    map(
        &mut kernel,
        page(HIGHER, PageSize::_4KiB),
        frame(KIB_4, PageSize::_4KiB),
        DATA,
    )
    .unwrap()
    .ignore();
    drop(user);
    assert_eq!(seen(&memory, &kernel, HIGHER).unwrap().physical_address, KIB_4);
}

#[test]
fn a_programs_table_does_not_translate_the_kernels_half() {
    let memory = FakeMemory::new();
    let mut kernel = kernel_table(&memory);
    map(
        &mut kernel,
        page(HIGHER, PageSize::_4KiB),
        frame(0, PageSize::_4KiB),
        DATA,
    )
    .unwrap()
    .ignore();
    let user = user_table(&kernel);
    // The kernel's tables may be gone by now.
    drop(kernel);
    assert_eq!(user.translate(VirtAddr::new(HIGHER)), None);
}

#[test]
fn the_level_4_tables_differ_in_the_lower_half_alone() {
    let memory = FakeMemory::new();
    let mut kernel = kernel_table(&memory);
    map(
        &mut kernel,
        page(HIGHER, PageSize::_4KiB),
        frame(0, PageSize::_4KiB),
        DATA,
    )
    .unwrap()
    .ignore();
    let mut user = user_table(&kernel);
    map(&mut user, page(0, PageSize::_4KiB), frame(0, PageSize::_4KiB), DATA)
        .unwrap()
        .ignore();
    for index in 0..512 {
        let [of_kernel, of_user] = [&kernel, &user].map(|table| table.page_table().entry(PageTableIndex::new(index)));
        if index < 256 {
            assert!(of_kernel.is_unused());
            assert_eq!(of_user.is_unused(), index != 0);
        } else {
            assert_eq!(of_kernel.addr(), of_user.addr());
            assert_eq!(of_user.flags(), PageTableFlags::PRESENT | PageTableFlags::WRITABLE);
        }
    }
    assert_eq!(Half::of(VirtAddr::new(HIGHER)), Half::Higher);
}
