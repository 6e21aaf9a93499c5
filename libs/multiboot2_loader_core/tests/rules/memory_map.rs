//! Rules of the memory map.

use multiboot2_loader_core::address::{DIRECT_MAP_LIMIT, Extent, PhysAddr};
use multiboot2_loader_core::memory_map::{
    Allocation, AllocationError, MemoryMap, RANGE_LIMIT, RangeKind, TooManyRanges,
};

pub(crate) const fn extent(base: u64, end: u64) -> Extent {
    Extent::new(PhysAddr::new(base), end - base)
}

fn map_of(ranges: &[(u64, u64, RangeKind)]) -> MemoryMap {
    let mut map = MemoryMap::new();
    for &(base, end, kind) in ranges {
        map.set(extent(base, end), kind).expect("room for a few ranges");
    }
    map
}

fn list(map: &MemoryMap) -> Vec<(u64, u64, RangeKind)> {
    map.ranges()
        .iter()
        .map(|range| (range.base, range.end, range.kind))
        .collect()
}

use RangeKind::{AcpiNvs, AcpiReclaimable, BootloaderReclaimable, Reserved, ReservedMapped, Usable};

#[test]
fn a_range_inside_another_splits_it() {
    let map = map_of(&[(0x1000, 0x9000, Usable), (0x3000, 0x4000, Reserved)]);
    assert_eq!(
        list(&map),
        [
            (0x1000, 0x3000, Usable),
            (0x3000, 0x4000, Reserved),
            (0x4000, 0x9000, Usable)
        ]
    );
}

#[test]
fn a_later_range_overrides_all_that_it_covers() {
    let map = map_of(&[
        (0x1000, 0x2000, Usable),
        (0x2000, 0x3000, Reserved),
        (0x5000, 0x6000, AcpiNvs),
        (0x1800, 0x5800, AcpiReclaimable),
    ]);
    assert_eq!(
        list(&map),
        [
            (0x1000, 0x1800, Usable),
            (0x1800, 0x5800, AcpiReclaimable),
            (0x5800, 0x6000, AcpiNvs)
        ]
    );
}

#[test]
fn neighbours_of_one_kind_become_one_range() {
    let map = map_of(&[
        (0x1000, 0x2000, Usable),
        (0x3000, 0x4000, Usable),
        (0x2000, 0x3000, Usable),
    ]);
    assert_eq!(list(&map), [(0x1000, 0x4000, Usable)]);
}

#[test]
fn an_empty_range_changes_nothing() {
    let map = map_of(&[(0x1000, 0x4000, Usable), (0x2000, 0x2000, Reserved)]);
    assert_eq!(list(&map), [(0x1000, 0x4000, Usable)]);
}

#[test]
fn what_lies_beyond_the_direct_map_is_left_out() {
    let mut map = map_of(&[(DIRECT_MAP_LIMIT - 0x1000, DIRECT_MAP_LIMIT + 0x1000, Usable)]);
    map.set(Extent::new(PhysAddr::new(u64::MAX - 5), 100), Usable)
        .expect("nothing is added");
    assert_eq!(list(&map), [(DIRECT_MAP_LIMIT - 0x1000, DIRECT_MAP_LIMIT, Usable)]);
}

#[test]
fn a_full_map_refuses_and_stays_as_it_was() {
    let mut map = MemoryMap::new();
    for index in 0..RANGE_LIMIT as u64 {
        map.set(extent(index * 0x2000, index * 0x2000 + 0x1000), Usable)
            .expect("up to the limit");
    }
    let before = list(&map);
    assert_eq!(map.set(extent(0x400, 0x800), Reserved), Err(TooManyRanges));
    assert_eq!(list(&map), before);
    map.set(extent(0, 0x4000), Usable)
        .expect("replacing two by one needs no room");
}

#[test]
fn trim_cuts_usable_memory_to_whole_pages_and_leaves_the_rest() {
    let mut map = map_of(&[
        (0x1234, 0x3456, Usable),
        (0x3456, 0x3999, Reserved),
        (0x5001, 0x5fff, BootloaderReclaimable),
    ]);
    map.trim();
    assert_eq!(list(&map), [(0x2000, 0x3000, Usable), (0x3456, 0x3999, Reserved)]);
}

#[test]
fn allocates_from_the_top_of_the_highest_usable_range() {
    let mut map = map_of(&[
        (0x10_0000, 0x20_0000, Usable),
        (0x40_0000, 0x50_0000, Usable),
        (0x60_0000, 0x70_0000, Reserved),
    ]);
    let address = map
        .allocate(&Allocation::new("a test", 0x1001, BootloaderReclaimable))
        .expect("there is room");
    assert_eq!(address.as_u64(), 0x4f_e000);
    assert!(list(&map).contains(&(0x4f_e000, 0x50_0000, BootloaderReclaimable)));
}

#[test]
fn allocates_within_the_bounds_and_at_the_alignment_asked_for() {
    let mut map = map_of(&[(0x1000, 0x9_f000, Usable), (0x10_0000, 0x80_0000, Usable)]);
    let low = Allocation::new("a trampoline", 1, BootloaderReclaimable)
        .within(PhysAddr::new(0x1000), PhysAddr::new(0x8_0000));
    assert_eq!(map.allocate(&low).map(PhysAddr::as_u64), Ok(0x7_f000));
    let aligned = Allocation::new("a test", 0x1000, BootloaderReclaimable).aligned(0x20_0000);
    assert_eq!(map.allocate(&aligned).map(PhysAddr::as_u64), Ok(0x60_0000));
}

#[test]
fn allocates_at_least_a_page_and_whole_pages() {
    let mut map = map_of(&[(0x10_0000, 0x20_0800, Usable)]);
    let wish = Allocation::new("a test", 0, BootloaderReclaimable).aligned(1);
    assert_eq!(map.allocate(&wish).map(PhysAddr::as_u64), Ok(0x1f_f000));
    assert!(list(&map).contains(&(0x1f_f000, 0x20_0000, BootloaderReclaimable)));
}

#[test]
fn never_allocates_above_four_gib() {
    let mut map = map_of(&[(0x10_0000, 0x20_0000, Usable), (0xffff_f000, 0x2_0000_0000, Usable)]);
    let wish = Allocation {
        maximum: u64::MAX,
        ..Allocation::new("a test", 0x1000, BootloaderReclaimable)
    };
    assert_eq!(map.allocate(&wish).map(PhysAddr::as_u64), Ok(0xffff_f000));
    assert_eq!(map.allocate(&wish).map(PhysAddr::as_u64), Ok(0x1f_f000));
}

#[test]
fn out_of_memory_names_purpose_and_size() {
    let mut map = map_of(&[(0x10_0000, 0x20_0000, Usable)]);
    let wish = Allocation::new("the kernel image", u64::MAX, Usable);
    let error = map.allocate(&wish).expect_err("no machine has that much");
    let AllocationError::OutOfMemory {
        purpose, size_bytes, ..
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!((purpose, size_bytes), ("the kernel image", u64::MAX));
}

#[test]
fn protect_turns_reserved_unlisted_and_usable_pages_into_reserved_mapped() {
    let mut map = map_of(&[
        (0x1000, 0x2000, Usable),
        (0x2000, 0x3000, AcpiNvs),
        (0x3000, 0x4000, Reserved),
        (0x5000, 0x6000, AcpiReclaimable),
    ]);
    map.protect(extent(0x1ff0, 0x5010)).expect("there is room");
    assert_eq!(
        list(&map),
        [
            (0x1000, 0x2000, ReservedMapped),
            (0x2000, 0x3000, AcpiNvs),
            (0x3000, 0x5000, ReservedMapped),
            (0x5000, 0x6000, AcpiReclaimable)
        ]
    );
}

#[test]
fn protecting_nothing_changes_nothing() {
    let mut map = map_of(&[(0x1000, 0x4000, Usable)]);
    map.protect(Extent::new(PhysAddr::new(0x2345), 0))
        .expect("nothing is added");
    assert_eq!(list(&map), [(0x1000, 0x4000, Usable)]);
}

#[test]
fn protect_leaves_what_the_loader_and_the_kernel_own() {
    let ranges = [
        (0x1000, 0x2000, BootloaderReclaimable),
        (0x2000, 0x3000, RangeKind::ExecutableAndModules),
        (0x3000, 0x4000, RangeKind::FrameBuffer),
    ];
    let mut map = map_of(&ranges);
    map.protect(extent(0x1000, 0x4000)).expect("there is room");
    assert_eq!(list(&map), ranges);
}
