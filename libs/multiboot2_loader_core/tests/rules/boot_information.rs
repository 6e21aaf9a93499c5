//! Rules of the Multiboot2 boot information.

use super::support::put;
use multiboot2_loader_core::address::PhysAddr;
use multiboot2_loader_core::boot_information::{
    BootInformation, BootInformationError, SIZE_LIMIT_BYTES, total_size_bytes,
};
use multiboot2_loader_core::firmware_memory_map::AllegedRange;
use multiboot2_loader_core::memory_map::RangeKind;
use proptest::prelude::{any, proptest};
use proptest::{collection, sample};

/// The boot information with these tags and an end tag.
pub(crate) fn boot_information(tags: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = vec![0; 8];
    for (tag, body) in tags.iter().chain([&(0, Vec::new())]) {
        bytes.extend(tag.to_le_bytes());
        bytes.extend((u32::try_from(body.len()).expect("short") + 8).to_le_bytes());
        bytes.extend(body);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
    }
    let size = u32::try_from(bytes.len()).expect("short");
    put(&mut bytes, 0, size.to_le_bytes());
    bytes
}

pub(crate) fn module_tag(start: u32, end: u32, string: &[u8]) -> (u32, Vec<u8>) {
    (3, [&start.to_le_bytes()[..], &end.to_le_bytes(), string, &[0]].concat())
}

/// Tag 6 with entries (base, length, type).
pub(crate) fn memory_map_tag(entries: &[(u64, u64, u32)]) -> (u32, Vec<u8>) {
    let mut body = [24_u32.to_le_bytes(), 0_u32.to_le_bytes()].concat();
    for (base, length, kind) in entries {
        body.extend([base.to_le_bytes(), length.to_le_bytes(), u64::from(*kind).to_le_bytes()].concat());
    }
    (6, body)
}

/// Tag 17 with entries (type, base, pages), each 48 bytes long as OVMF's are.
pub(crate) fn efi_memory_map_tag(entries: &[(u32, u64, u64)]) -> (u32, Vec<u8>) {
    let mut body = [48_u32.to_le_bytes(), 1_u32.to_le_bytes()].concat();
    for (kind, base, pages) in entries {
        body.extend(
            [u64::from(*kind), *base, 0, *pages, 0xf, 0]
                .map(u64::to_le_bytes)
                .concat(),
        );
    }
    (17, body)
}

pub(crate) fn efi_system_table_tag(address: u64) -> (u32, Vec<u8>) {
    (12, address.to_le_bytes().to_vec())
}

fn error_of(tags: &[(u32, Vec<u8>)]) -> BootInformationError {
    BootInformation::parse(&boot_information(tags)).expect_err("the rule is broken")
}

#[test]
fn a_module_is_a_path_and_the_rest_of_its_string() {
    let bytes = boot_information(&[
        module_tag(0x10_0000, 0x10_1234, b" /kernel  log.level=info x "),
        module_tag(0x20_0000, 0x20_0000, b"/program"),
        module_tag(0x30_0000, 0x30_0001, b""),
    ]);
    let information = BootInformation::parse(&bytes).expect("all is well");
    let modules: Vec<_> = information
        .modules
        .iter()
        .map(|module| (module.path, module.string, module.extent.length_bytes))
        .collect();
    assert_eq!(
        modules,
        [
            ("/kernel", "log.level=info x", 0x1234),
            ("/program", "", 0),
            ("", "", 1)
        ]
    );
    assert_eq!(information.modules[0].extent.base, PhysAddr::new(0x10_0000));
}

#[test]
fn plain_tags_are_taken() {
    let bytes = boot_information(&[
        efi_system_table_tag(0x1234_5678_9abc),
        (21, 0x1fe0_0000_u32.to_le_bytes().to_vec()),
        (14, vec![0; 20]),
        (99, b"nobody knows this one".to_vec()),
    ]);
    let information = BootInformation::parse(&bytes).expect("all is well");
    assert_eq!(information.efi_system_table, Some(PhysAddr::new(0x1234_5678_9abc)));
    assert!(information.is_efi() && information.has_rsdp_copy);
    assert_eq!(information.load_base, Some(PhysAddr::new(0x1fe0_0000)));
    assert!(!information.boot_services_run && !information.efi_is_32_bit);
}

#[test]
fn nothing_is_there_that_was_not_told() {
    let bytes = boot_information(&[]);
    let information = BootInformation::parse(&bytes).expect("all is well");
    assert!(!information.is_efi() && !information.has_rsdp_copy && information.modules.is_empty());
    assert!(information.frame_buffer.is_none() && information.load_base.is_none() && information.memory_map.is_none());
}

#[test]
fn running_boot_services_and_32_bit_efi_are_noticed() {
    let bytes = boot_information(&[(18, vec![]), (11, vec![0; 4])]);
    let information = BootInformation::parse(&bytes).expect("all is well");
    assert!(information.boot_services_run && information.efi_is_32_bit);
}

#[test]
fn bios_types_become_the_protocols_kinds() {
    let entries: Vec<_> = [1, 2, 3, 4, 5, 20]
        .into_iter()
        .map(|kind| (u64::from(kind) << 20, 0x1000, kind))
        .collect();
    let bytes = boot_information(&[memory_map_tag(&entries)]);
    let map = BootInformation::parse(&bytes)
        .expect("all is well")
        .memory_map
        .expect("tag 6");
    let kinds: Vec<_> = map.ranges().map(|range| range.kind).collect();
    use RangeKind::{AcpiNvs, AcpiReclaimable, BadMemory, Reserved, Usable};
    assert_eq!(kinds, [Usable, Reserved, AcpiReclaimable, AcpiNvs, BadMemory, Reserved]);
    assert_eq!(
        map.ranges().next(),
        Some(AllegedRange {
            base: 1 << 20,
            length_bytes: 0x1000,
            kind: Usable
        })
    );
}

#[test]
fn efi_types_become_the_protocols_kinds() {
    let entries: Vec<_> = (0..=15).map(|kind| (kind, u64::from(kind) << 20, 2)).collect();
    let bytes = boot_information(&[efi_memory_map_tag(&entries)]);
    let map = BootInformation::parse(&bytes)
        .expect("all is well")
        .efi_memory_map
        .expect("tag 17");
    let kinds: Vec<_> = map.ranges().map(|range| range.kind as u8).collect();
    // Reserved, loader (2), boot services (2), runtime (2), free, bad, ACPI (2), then I/O, PAL and newer ones.
    assert_eq!(kinds, [1, 0, 0, 5, 5, 8, 8, 0, 4, 2, 3, 1, 1, 1, 1, 1]);
    assert_eq!(
        map.ranges().nth(7),
        Some(AllegedRange {
            base: 7 << 20,
            length_bytes: 0x2000,
            kind: RangeKind::Usable
        })
    );
}

#[test]
fn an_efi_range_cannot_wrap_around() {
    let bytes = boot_information(&[efi_memory_map_tag(&[(7, 0x1000, u64::MAX)])]);
    let map = BootInformation::parse(&bytes)
        .expect("all is well")
        .efi_memory_map
        .expect("tag 17");
    assert_eq!(map.ranges().next().map(|range| range.length_bytes), Some(u64::MAX));
}

#[test]
fn rejects_a_total_size_that_is_absurd() {
    assert_eq!(total_size_bytes([16, 0, 0, 0, 9, 9, 9, 9]), Ok(16));
    assert_eq!(
        total_size_bytes([15, 0, 0, 0, 0, 0, 0, 0]),
        Err(BootInformationError::TotalSize { size_bytes: 15 })
    );
    let size_bytes = SIZE_LIMIT_BYTES + 1;
    let [a, b, c, d] = size_bytes.to_le_bytes();
    assert_eq!(
        total_size_bytes([a, b, c, d, 0, 0, 0, 0]),
        Err(BootInformationError::TotalSize { size_bytes })
    );
}

#[test]
fn rejects_a_tag_of_size_zero_instead_of_looping() {
    let mut bytes = boot_information(&[(99, vec![])]);
    put(&mut bytes, 12, 0_u32.to_le_bytes());
    assert_eq!(
        BootInformation::parse(&bytes).err(),
        Some(BootInformationError::TagTooShort { tag: 99, offset: 8 })
    );
}

#[test]
fn rejects_a_tag_that_runs_past_the_end() {
    let mut bytes = boot_information(&[(99, vec![])]);
    put(&mut bytes, 12, 4096_u32.to_le_bytes());
    assert_eq!(
        BootInformation::parse(&bytes).err(),
        Some(BootInformationError::PastTheEnd { offset: 8 })
    );
}

#[test]
fn rejects_a_chain_without_an_end_tag() {
    let mut bytes = boot_information(&[(99, vec![])]);
    bytes.truncate(16);
    put(&mut bytes, 0, 16_u32.to_le_bytes());
    assert_eq!(
        BootInformation::parse(&bytes).err(),
        Some(BootInformationError::PastTheEnd { offset: 16 })
    );
}

#[test]
fn rejects_fewer_bytes_than_the_total_size() {
    let bytes = boot_information(&[(99, vec![])]);
    let cut = &bytes[..bytes.len() - 1];
    assert_eq!(
        BootInformation::parse(cut).err(),
        Some(BootInformationError::PastTheEnd { offset: cut.len() })
    );
}

#[test]
fn rejects_tags_too_short_for_their_fields() {
    for (tag, needed) in [(3, 8), (6, 8), (8, 22), (12, 8), (17, 8), (21, 4)] {
        assert_eq!(
            error_of(&[(tag, vec![0; needed - 1])]),
            BootInformationError::TagTooShort { tag, offset: 8 }
        );
    }
}

#[test]
fn rejects_memory_maps_of_unknown_layout() {
    for (tag, entry_size_bytes, version) in [(6_u32, 23_u32, 0_u32), (6, 24, 1), (17, 39, 1), (17, 48, 0), (17, 0, 1)] {
        let body = [entry_size_bytes.to_le_bytes(), version.to_le_bytes()].concat();
        assert_eq!(
            error_of(&[(tag, body)]),
            BootInformationError::MemoryMapFormat {
                tag,
                entry_size_bytes,
                version
            }
        );
    }
}

#[test]
fn rejects_a_module_that_ends_before_it_begins() {
    assert_eq!(
        error_of(&[module_tag(2, 1, b"/kernel")]),
        BootInformationError::ModuleBounds {
            index: 0,
            start: 2,
            end: 1
        }
    );
}

#[test]
fn rejects_a_module_string_that_the_kernel_would_not_survive() {
    let without_end = (3, [&[0; 8][..], b"/kernel"].concat());
    assert_eq!(
        error_of(&[without_end]),
        BootInformationError::ModuleString { index: 0 }
    );
    assert_eq!(
        error_of(&[module_tag(0, 0, b"/kernel"), module_tag(0, 0, b"\xff")]),
        BootInformationError::ModuleString { index: 1 }
    );
}

#[test]
fn rejects_a_seventeenth_module() {
    let modules = vec![module_tag(0, 0, b"/m"); 16];
    assert!(BootInformation::parse(&boot_information(&modules)).is_ok());
    assert_eq!(
        error_of(&[modules, vec![module_tag(0, 0, b"/m")]].concat()),
        BootInformationError::TooManyModules
    );
}

/// Reads everything that can be read.
fn read_all(bytes: &[u8]) {
    if let Ok(information) = BootInformation::parse(bytes) {
        let maps = [information.memory_map, information.efi_memory_map];
        let ranges = maps.into_iter().flatten().flat_map(|map| map.ranges());
        assert!(ranges.count() <= bytes.len());
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(mut bytes in collection::vec(any::<u8>(), 0..400)) {
        read_all(&bytes);
        let size = u32::try_from(bytes.len()).expect("short");
        put(&mut bytes, 0, size.to_le_bytes());
        read_all(&bytes);
    }

    #[test]
    fn no_tags_make_it_panic(
        tags in collection::vec((sample::select(vec![3_u32, 6, 8, 12, 14, 17, 18, 21, 40]), collection::vec(any::<u8>(), 0..80)), 0..20),
        damage in collection::vec((any::<sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut bytes = boot_information(&tags);
        read_all(&bytes);
        for (index, byte) in damage {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        read_all(&bytes);
    }
}
