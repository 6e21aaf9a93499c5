//! Rules of EFI's system table.

use super::memory_map::extent;
use super::support::{FakeMemory, put};
use multiboot2_loader_core::address::PhysAddr;
use multiboot2_loader_core::efi::{EfiError, EfiTables};
use proptest::prelude::{any, proptest};
use proptest::{collection, sample};

const TABLE_AT: u64 = 0x7f0_0000;
const CONFIGURATION_AT: u64 = 0x7f1_0000;
const VENDOR_AT: u64 = 0x7f2_0000;

// The GUIDs as bytes in memory, written out a second time on purpose.
const ACPI_2: [u8; 16] = [
    0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11, 0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81,
];
const ACPI_1: [u8; 16] = [
    0x30, 0x2d, 0x9d, 0xeb, 0x88, 0x2d, 0xd3, 0x11, 0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d,
];
const SMBIOS_32: [u8; 16] = [
    0x31, 0x2d, 0x9d, 0xeb, 0x88, 0x2d, 0xd3, 0x11, 0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d,
];
const SMBIOS_64: [u8; 16] = [
    0x44, 0x15, 0xfd, 0xf2, 0x94, 0x97, 0x2c, 0x4a, 0x99, 0x2e, 0xe5, 0xbb, 0xcf, 0x20, 0xe3, 0x94,
];

fn system_table(count: u64) -> Vec<u8> {
    let mut table = vec![0; 120];
    put(&mut table, 0, b"IBI SYST");
    put(&mut table, 12, 120_u32.to_le_bytes());
    put(&mut table, 24, VENDOR_AT.to_le_bytes());
    put(
        &mut table,
        104,
        [count, CONFIGURATION_AT].map(u64::to_le_bytes).concat(),
    );
    table
}

fn memory(table: Vec<u8>, entries: &[([u8; 16], u64)]) -> FakeMemory {
    let configuration: Vec<u8> = entries
        .iter()
        .flat_map(|(guid, address)| [&guid[..], &address.to_le_bytes()].concat())
        .collect();
    FakeMemory::default()
        .with(TABLE_AT, table)
        .with(CONFIGURATION_AT, configuration)
        .with(VENDOR_AT, *b"E\0D\0K\0\0\0")
}

fn walk(memory: &FakeMemory) -> Result<EfiTables, EfiError> {
    EfiTables::walk(memory, PhysAddr::new(TABLE_AT))
}

#[test]
fn finds_acpi_and_smbios_and_what_leads_there() {
    let entries = [([9; 16], 1), (ACPI_2, 0x1000), (SMBIOS_32, 0x2000), (SMBIOS_64, 0x3000)];
    let tables = walk(&memory(system_table(4), &entries)).expect("all is well");
    assert_eq!(
        [tables.rsdp, tables.smbios_32, tables.smbios_64],
        [0x1000, 0x2000, 0x3000].map(|address| Some(PhysAddr::new(address)))
    );
    let expected = [
        extent(TABLE_AT, TABLE_AT + 120),
        extent(CONFIGURATION_AT, CONFIGURATION_AT + 96),
        extent(VENDOR_AT, VENDOR_AT + 8),
    ];
    assert_eq!(tables.extents[..], expected);
}

#[test]
fn prefers_the_later_root_pointer_in_any_order() {
    for entries in [
        [(ACPI_1, 0x1000), (ACPI_2, 0x2000)],
        [(ACPI_2, 0x2000), (ACPI_1, 0x1000)],
    ] {
        assert_eq!(
            walk(&memory(system_table(2), &entries)).map(|tables| tables.rsdp),
            Ok(Some(PhysAddr::new(0x2000)))
        );
    }
    let only_old = memory(system_table(1), &[(ACPI_1, 0x1000)]);
    assert_eq!(
        walk(&only_old).map(|tables| tables.rsdp),
        Ok(Some(PhysAddr::new(0x1000)))
    );
}

#[test]
fn rejects_what_is_no_system_table() {
    let error = EfiError::Signature {
        address: PhysAddr::new(TABLE_AT),
    };
    let mut other = system_table(0);
    other[0] = b'X';
    assert_eq!(walk(&memory(other, &[])).err(), Some(error));
    let mut short = system_table(0);
    put(&mut short, 12, 119_u32.to_le_bytes());
    assert_eq!(walk(&memory(short, &[])).err(), Some(error));
    assert!(matches!(walk(&FakeMemory::default()), Err(EfiError::OutOfReach(_))));
}

#[test]
fn rejects_an_absurd_number_of_entries() {
    assert_eq!(
        walk(&memory(system_table(u64::MAX), &[])).err(),
        Some(EfiError::Configuration { count: u64::MAX })
    );
}

#[test]
fn rejects_entries_that_cannot_be_read() {
    assert!(matches!(
        walk(&memory(system_table(2), &[(ACPI_2, 0x1000)])),
        Err(EfiError::OutOfReach(_))
    ));
}

#[test]
fn a_vendor_name_at_address_zero_is_none() {
    let mut table = system_table(0);
    put(&mut table, 24, 0_u64.to_le_bytes());
    let memory = FakeMemory::default().with(TABLE_AT, table).with(0, vec![0; 64]);
    assert_eq!(walk(&memory).map(|tables| tables.extents.len()), Ok(2));
}

#[test]
fn a_vendor_name_without_an_end_is_left_out() {
    let memory = FakeMemory::default()
        .with(TABLE_AT, system_table(0))
        .with(VENDOR_AT, vec![1; 0x1000]);
    assert_eq!(walk(&memory).map(|tables| tables.extents.len()), Ok(2));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(damage in collection::vec((any::<sample::Index>(), any::<u8>()), 0..10)) {
        let mut table = system_table(3);
        for (index, byte) in damage {
            let at = index.index(table.len());
            table[at] = byte;
        }
        _ = walk(&memory(table, &[(ACPI_2, 1), (SMBIOS_32, 2), (SMBIOS_64, u64::MAX)]));
    }
}
