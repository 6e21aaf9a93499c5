//! Rules of putting the memory map together.

use super::boot_information::{boot_information, efi_memory_map_tag, efi_system_table_tag, memory_map_tag, module_tag};
use super::memory_map::extent;
use multiboot2_loader_core::address::Extent;
use multiboot2_loader_core::boot_information::BootInformation;
use multiboot2_loader_core::memory_map::RangeKind::{
    AcpiReclaimable, BootloaderReclaimable, ExecutableAndModules, FrameBuffer, Reserved, ReservedMapped, Usable,
};
use multiboot2_loader_core::memory_map::{MemoryMap, RangeKind};
use multiboot2_loader_core::memory_map_construction::{Construction, ConstructionError, construct};

fn built(
    tags: &[(u32, Vec<u8>)],
    frame_buffer: Option<Extent>,
    firmware_tables: &[Extent],
) -> Result<Vec<(u64, u64, RangeKind)>, ConstructionError> {
    let bytes = boot_information(tags);
    let information = BootInformation::parse(&bytes).expect("the tags are right");
    let mut map = MemoryMap::new();
    let parts = Construction {
        boot_information: &information,
        boot_information_extent: extent(0x10_0030, 0x10_0530),
        loader_image: extent(0x20_0000, 0x24_0000),
        kernel_module: 0,
        frame_buffer,
        firmware_tables,
    };
    construct(&mut map, &parts)?;
    Ok(map
        .ranges()
        .iter()
        .map(|range| (range.base, range.end, range.kind))
        .collect())
}

/// What SeaBIOS tells of 128 MiB.
fn bios_map() -> (u32, Vec<u8>) {
    memory_map_tag(&[
        (0, 0x9_fc00, 1),
        (0x9_fc00, 0x400, 2),
        (0xf_0000, 0x1_0000, 2),
        (0x10_0000, 0x7ed_f000, 1),
        (0x7fd_f000, 0x2_1000, 2),
        (0xfffc_0000, 0x4_0000, 2),
    ])
}

#[test]
fn a_bios_machine_from_end_to_end() {
    let tags = [
        bios_map(),
        module_tag(0x30_0000, 0x38_0010, b"/kernel"),
        module_tag(0x40_0000, 0x40_0800, b"/program"),
    ];
    let tables = [extent(0xf_5230, 0xf_5244), extent(0x7fe_1234, 0x7fe_2345)];
    let map = built(&tags, Some(extent(0xfd00_0000, 0xfd3e_8000)), &tables).expect("all is well");
    assert_eq!(
        map,
        [
            (0, 0x1000, Reserved),
            (0x1000, 0x9_f000, Usable),
            (0x9_fc00, 0xa_0000, Reserved),
            (0xf_0000, 0xf_5000, Reserved),
            (0xf_5000, 0xf_6000, ReservedMapped),
            (0xf_6000, 0x10_0000, Reserved),
            (0x10_0000, 0x10_1000, BootloaderReclaimable),
            (0x10_1000, 0x20_0000, Usable),
            (0x20_0000, 0x24_0000, BootloaderReclaimable),
            (0x24_0000, 0x30_0000, Usable),
            (0x30_0000, 0x38_1000, BootloaderReclaimable),
            (0x38_1000, 0x40_0000, Usable),
            (0x40_0000, 0x40_1000, ExecutableAndModules),
            (0x40_1000, 0x7fd_f000, Usable),
            (0x7fd_f000, 0x7fe_1000, Reserved),
            (0x7fe_1000, 0x7fe_3000, ReservedMapped),
            (0x7fe_3000, 0x800_0000, Reserved),
            (0xfd00_0000, 0xfd3e_8000, FrameBuffer),
            (0xfffc_0000, 0x1_0000_0000, Reserved),
        ]
    );
}

#[test]
fn efis_own_map_overrides_grubs_rendering_of_it() {
    let tags = [
        efi_system_table_tag(0x7f0_0000),
        efi_memory_map_tag(&[
            (7, 0, 0x80),
            (4, 0x8_0000, 0x20),
            (2, 0x10_0000, 0x1000),
            (9, 0x110_0000, 0x10),
            (6, 0x111_0000, 0x10),
        ]),
        memory_map_tag(&[(0, 0xa_0000, 1), (0x10_0000, 0x102_0000, 1)]),
    ];
    let map = built(&tags, None, &[]).expect("all is well");
    // Page 0 stays usable: only a BIOS keeps its data there.
    assert_eq!(
        map[..2],
        [(0, 0x8_0000, Usable), (0x8_0000, 0xa_0000, BootloaderReclaimable)]
    );
    assert_eq!(
        map[map.len() - 2..],
        [
            (0x110_0000, 0x111_0000, AcpiReclaimable),
            (0x111_0000, 0x112_0000, ReservedMapped)
        ]
    );
}

#[test]
fn where_entries_overlap_the_one_that_promises_less_wins() {
    let tags = [memory_map_tag(&[
        (0x50_0000, 0x1000, 2),
        (0x10_0000, 0x80_0000, 1),
        (0x4f_f000, 0x2000, 1),
    ])];
    let map = built(&tags, None, &[]).expect("all is well");
    assert!(map.contains(&(0x50_0000, 0x50_1000, Reserved)), "{map:x?}");
}

#[test]
fn rejects_a_machine_without_a_memory_map() {
    assert_eq!(built(&[], None, &[]), Err(ConstructionError::NoMemoryMap));
}

#[test]
fn rejects_a_machine_without_usable_memory() {
    // Less than a page is nothing, and page 0 belongs to the BIOS.
    let tags = [memory_map_tag(&[
        (0, 0x1000, 1),
        (0x10_0800, 0x1000, 1),
        (0x20_0000, 0x1000, 2),
    ])];
    assert_eq!(built(&tags, None, &[]), Err(ConstructionError::NoUsableMemory));
}

#[test]
fn rejects_more_ranges_than_it_can_hold() {
    let entries: Vec<_> = (0..1030).map(|index| (index * 0x2000, 0x1000, 1)).collect();
    assert!(matches!(
        built(&[memory_map_tag(&entries)], None, &[]),
        Err(ConstructionError::TooManyRanges(_))
    ));
}
