//! Rules of the final page tables, checked by walking them as the processor does.

use super::kernel_elf::{BASE, good};
use super::memory_map::extent;
use super::support::FakeMemory;
use multiboot2_loader_core::address::{DIRECT_MAP_LIMIT, Extent, HHDM_OFFSET, PhysAddr};
use multiboot2_loader_core::kernel_elf::KernelElf;
use multiboot2_loader_core::memory_map::{Allocation, MemoryMap, Range, RangeKind};
use multiboot2_loader_core::page_tables::{AddressSpace, LargestPage, NoExecute, PageTableError, build, count_frames};
use proptest::prelude::{Just, Strategy, prop_oneof, proptest};
use proptest::{collection, prop_assert, prop_assert_eq};

const TABLES: u64 = 0x5000_0000;
const KERNEL_AT: u64 = 0x60_0000;
const NO_EXECUTE: u64 = 1 << 63;
const KIB_4: u64 = 1 << 12;
const MIB_2: u64 = 1 << 21;
const GIB: u64 = 1 << 30;

/// What the walk finds at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Page {
    physical: u64,
    size: u64,
    /// The bits of the entry that are neither address, page size nor PAT.
    flags: u64,
    /// Which entry of the page attribute table.
    attribute: u64,
}

const WRITABLE: u64 = 0b11;
const READABLE: u64 = 0b01;

/// Walks as the processor does (Intel SDM, volume 3, 4-level paging).
fn walk(memory: &FakeMemory, root: PhysAddr, address: u64) -> Option<Page> {
    let mut table = root.as_u64();
    for shift in [39, 30, 21, 12] {
        let entry = memory.word(table + (address >> shift) % 512 * 8);
        if entry & 1 == 0 {
            return None;
        }
        let is_large = shift != 12 && entry & 1 << 7 != 0;
        if shift == 12 || is_large {
            assert!(shift < 39, "there are no pages of 512 GiB");
            let pat_bit = if is_large { 12 } else { 7 };
            let address_bits = 0x000f_ffff_ffff_f000 & !(if is_large { 1 << 12 } else { 0 });
            let physical = entry & address_bits;
            assert_eq!(physical % (1 << shift), 0, "reserved bits of a large page");
            let attribute = (entry >> pat_bit & 1) << 2 | entry >> 3 & 3;
            let flags = entry & !address_bits & !(1 << 7 | 1 << pat_bit | 3 << 3);
            return Some(Page {
                physical: physical + address % (1 << shift),
                size: 1 << shift,
                flags,
                attribute,
            });
        }
        assert_eq!(
            entry & !0x000f_ffff_ffff_f000,
            WRITABLE,
            "a table must not take rights away"
        );
        table = entry & 0x000f_ffff_ffff_f000;
    }
    None
}

/// Builds tables in memory that holds exactly the frames counted.
fn built(ranges: &[Range], largest_page: LargestPage, no_execute: NoExecute) -> (FakeMemory, PhysAddr) {
    let file = good();
    let kernel = KernelElf::check(&file).expect("the file is right");
    let space = AddressSpace {
        ranges,
        segments: kernel.segments(),
        image_base: kernel.image_base,
        image_physical_base: PhysAddr::new(KERNEL_AT),
        largest_page,
        no_execute,
    };
    let size = count_frames(&space) * KIB_4;
    let dirt = vec![0xff; usize::try_from(size).expect("few frames")];
    let mut memory = FakeMemory::default().with(TABLES, dirt);
    let one_less = build(&space, &mut memory, Extent::new(PhysAddr::new(TABLES), size - KIB_4));
    assert_eq!(
        one_less,
        Err(PageTableError::OutOfFrames {
            frames: size / KIB_4 - 1
        }),
        "more frames counted than used"
    );
    let root = build(&space, &mut memory, Extent::new(PhysAddr::new(TABLES), size)).expect("as many frames as counted");
    (memory, root)
}

fn range(base: u64, end: u64, kind: RangeKind) -> Range {
    Range { base, end, kind }
}

use RangeKind::{
    AcpiNvs, AcpiReclaimable, BadMemory, BootloaderReclaimable, FrameBuffer, Reserved, ReservedMapped, Usable,
};

#[test]
fn the_direct_map_uses_the_largest_pages_that_lie_inside() {
    let ranges = [
        range(0x1000, 0x9_f000, Usable),
        range(0x10_0000, 5 * GIB / 2 + 0x1000, Usable),
    ];
    let (memory, root) = built(&ranges, LargestPage::OneGib, NoExecute::Enabled);
    let size_at = |address| walk(&memory, root, HHDM_OFFSET + address).map(|page| (page.physical, page.size));
    assert_eq!(size_at(0), None);
    assert_eq!(size_at(0x1000), Some((0x1000, KIB_4)));
    assert_eq!(size_at(0x9_efff), Some((0x9_efff, KIB_4)));
    assert_eq!(size_at(0x9_f000), None);
    assert_eq!(size_at(0x10_0000), Some((0x10_0000, KIB_4)));
    assert_eq!(size_at(0x20_0000), Some((0x20_0000, MIB_2)));
    assert_eq!(size_at(GIB + 5), Some((GIB + 5, GIB)));
    assert_eq!(size_at(2 * GIB), Some((2 * GIB, MIB_2)));
    assert_eq!(size_at(5 * GIB / 2 + 0xfff), Some((5 * GIB / 2 + 0xfff, KIB_4)));
    assert_eq!(size_at(5 * GIB / 2 + 0x1000), None);
}

#[test]
fn without_one_gib_pages_two_mib_is_the_largest() {
    let (memory, root) = built(&[range(0, 4 * GIB, Usable)], LargestPage::TwoMib, NoExecute::Enabled);
    assert_eq!(
        walk(&memory, root, HHDM_OFFSET + GIB).map(|page| page.size),
        Some(MIB_2)
    );
}

#[test]
fn the_direct_map_is_writable_executable_and_write_back() {
    let (memory, root) = built(
        &[range(0, GIB + 0x1000, Usable)],
        LargestPage::OneGib,
        NoExecute::Enabled,
    );
    for address in [0, GIB] {
        let page = walk(&memory, root, HHDM_OFFSET + address).expect("it is mapped");
        assert_eq!((page.flags, page.attribute), (WRITABLE, 0));
    }
}

#[test]
fn neighbours_of_different_kinds_share_a_large_page() {
    let ranges = [
        range(0, 0x10_0000, Usable),
        range(0x10_0000, 0x12_3456, AcpiNvs),
        range(0x12_3456, MIB_2, BootloaderReclaimable),
    ];
    let (memory, root) = built(&ranges, LargestPage::TwoMib, NoExecute::Enabled);
    assert_eq!(
        walk(&memory, root, HHDM_OFFSET + 0x12_3000).map(|page| page.size),
        Some(MIB_2)
    );
}

#[test]
fn the_frame_buffer_is_write_combining_in_small_and_large_pages_and_nothing_else_is() {
    let ranges = [
        range(0x1000, MIB_2, Usable),
        range(MIB_2, 2 * MIB_2 + 0x3000, FrameBuffer),
        range(2 * MIB_2 + 0x3000, 4 * MIB_2, Usable),
    ];
    let (memory, root) = built(&ranges, LargestPage::TwoMib, NoExecute::Enabled);
    let attribute_at = |address| walk(&memory, root, HHDM_OFFSET + address).map(|page| (page.size, page.attribute));
    assert_eq!(attribute_at(MIB_2 - 1), Some((KIB_4, 0)));
    assert_eq!(attribute_at(MIB_2), Some((MIB_2, 5)));
    assert_eq!(attribute_at(2 * MIB_2), Some((KIB_4, 5)));
    assert_eq!(attribute_at(2 * MIB_2 + 0x2fff), Some((KIB_4, 5)));
    assert_eq!(attribute_at(2 * MIB_2 + 0x3000), Some((KIB_4, 0)));
    assert_eq!(attribute_at(3 * MIB_2), Some((MIB_2, 0)));
}

#[test]
fn reserved_and_bad_memory_is_not_mapped() {
    let kinds = [
        Usable,
        Reserved,
        AcpiReclaimable,
        AcpiNvs,
        BadMemory,
        BootloaderReclaimable,
        RangeKind::ExecutableAndModules,
        FrameBuffer,
        ReservedMapped,
    ];
    let ranges: Vec<_> = (0..)
        .zip(kinds)
        .map(|(index, kind)| range(index * 0x1000, (index + 1) * 0x1000, kind))
        .collect();
    let (memory, root) = built(&ranges, LargestPage::TwoMib, NoExecute::Enabled);
    let mapped: Vec<_> = (0..9)
        .map(|index| walk(&memory, root, HHDM_OFFSET + index * 0x1000).is_some())
        .collect();
    assert_eq!(mapped, [true, false, true, true, false, true, true, true, true]);
}

#[test]
fn kernel_segments_have_their_own_permissions() {
    let (memory, root) = built(&[range(0, GIB, Usable)], LargestPage::TwoMib, NoExecute::Enabled);
    let at =
        |offset| walk(&memory, root, BASE + offset).map(|page| (page.physical - KERNEL_AT, page.flags, page.attribute));
    assert_eq!(at(0), Some((0, READABLE, 0)));
    assert_eq!(at(0x1000), Some((0x1000, READABLE | NO_EXECUTE, 0)));
    assert_eq!(at(0x2000), Some((0x2000, WRITABLE | NO_EXECUTE, 0)));
    assert_eq!(at(0x3fff), Some((0x3fff, WRITABLE | NO_EXECUTE, 0)));
    assert_eq!((at(0x4000), walk(&memory, root, BASE - 1)), (None, None));
}

#[test]
fn without_the_no_execute_bit_it_is_never_set() {
    let (memory, root) = built(&[range(0, GIB, Usable)], LargestPage::TwoMib, NoExecute::Absent);
    assert_eq!(
        walk(&memory, root, BASE + 0x2000).map(|page| page.flags),
        Some(WRITABLE)
    );
}

#[test]
fn nothing_beyond_the_direct_map_is_mapped() {
    let ranges = [range(DIRECT_MAP_LIMIT - 0x1000, DIRECT_MAP_LIMIT + 0x1000, Usable)];
    let (memory, root) = built(&ranges, LargestPage::TwoMib, NoExecute::Enabled);
    let mapped = |address| walk(&memory, root, HHDM_OFFSET + address).is_some();
    assert_eq!((mapped(DIRECT_MAP_LIMIT - 1), mapped(DIRECT_MAP_LIMIT)), (true, false));
}

#[test]
fn low_addresses_are_not_mapped() {
    let (memory, root) = built(&[range(0, GIB, Usable)], LargestPage::TwoMib, NoExecute::Enabled);
    for address in [0, 0x10_0000, GIB - 1] {
        assert_eq!(walk(&memory, root, address), None);
    }
}

#[test]
fn taking_memory_for_the_tables_does_not_change_their_number() {
    let mut map = MemoryMap::new();
    map.set(extent(0x10_0000, GIB + 0x5000), Usable).expect("there is room");
    let file = good();
    let kernel = KernelElf::check(&file).expect("the file is right");
    let count = |map: &MemoryMap| {
        count_frames(&AddressSpace {
            ranges: map.ranges(),
            segments: kernel.segments(),
            image_base: kernel.image_base,
            image_physical_base: PhysAddr::new(KERNEL_AT),
            largest_page: LargestPage::TwoMib,
            no_execute: NoExecute::Enabled,
        })
    };
    let before = count(&map);
    map.allocate(&Allocation::new(
        "the page tables",
        before * KIB_4,
        BootloaderReclaimable,
    ))
    .expect("there is room");
    assert_eq!(count(&map), before);
}

fn kind() -> impl Strategy<Value = RangeKind> {
    prop_oneof![
        Just(Usable),
        Just(Usable),
        Just(Reserved),
        Just(AcpiNvs),
        Just(FrameBuffer),
        Just(BadMemory)
    ]
}

/// Ranges with bounds around page sizes, some of them not page-aligned.
fn ranges() -> impl Strategy<Value = Vec<Range>> {
    let length = prop_oneof![
        1..0x5000_u64,
        Just(0x1000),
        Just(0x3000),
        Just(MIB_2),
        Just(3 * MIB_2 + 0x1000),
        Just(GIB),
        Just(2 * GIB)
    ];
    let gap = prop_oneof![
        Just(0),
        Just(0),
        1..0x3000_u64,
        Just(0x1000),
        Just(MIB_2 - 0x1000),
        Just(GIB - 0x2000)
    ];
    collection::vec((gap, length, kind()), 1..8).prop_map(|pieces| {
        let mut at = 0;
        let mut ranges = Vec::new();
        for (gap, length, kind) in pieces {
            ranges.push(range(at + gap, at + gap + length, kind));
            at += gap + length;
        }
        ranges
    })
}

proptest! {
    #[test]
    fn maps_every_listed_page_and_no_other(ranges in ranges(), largest in prop_oneof![Just(LargestPage::TwoMib), Just(LargestPage::OneGib)]) {
        let (memory, root) = built(&ranges, largest, NoExecute::Enabled);
        // Every bound, its page and the pages around it are where something can go wrong.
        let bounds = ranges.iter().flat_map(|range| [range.base, range.end]);
        let probes = bounds.flat_map(|bound| [bound, bound.wrapping_sub(1), bound + 0xfff, bound.wrapping_sub(0x1000), bound + MIB_2, bound + GIB]);
        for probe in probes.filter(|probe| *probe < 64 * GIB) {
            let (page, end) = (probe & !0xfff, (probe & !0xfff) + 0x1000);
            let mut holders = ranges.iter().filter(|range| range.kind.is_mapped() && range.base < end && range.end > page);
            let first = holders.next().map(|range| range.kind);
            let found = walk(&memory, root, HHDM_OFFSET + probe);
            prop_assert_eq!(found.is_some(), first.is_some(), "{:#x}", probe);
            if let (Some(found), Some(kind)) = (found, first) {
                prop_assert_eq!(found.physical, probe);
                prop_assert_eq!(found.attribute, if kind == FrameBuffer { 5 } else { 0 }, "{:#x}", probe);
                // A large page lies wholly inside mapped memory: no gap and no unmapped kind below it.
                if found.size > KIB_4 {
                    let (start, end) = (probe & !(found.size - 1), (probe & !(found.size - 1)) + found.size);
                    let covered: u64 = ranges
                        .iter()
                        .filter(|range| range.kind.is_mapped())
                        .map(|range| ((range.end + 0xfff) & !0xfff).min(end).saturating_sub((range.base & !0xfff).max(start)))
                        .sum();
                    prop_assert!(covered >= found.size, "{:#x}", probe);
                }
            }
        }
    }
}
