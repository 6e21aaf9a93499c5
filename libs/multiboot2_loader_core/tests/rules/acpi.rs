//! Rules of ACPI's root pointer and list of tables.

use super::memory_map::extent;
use super::support::{FakeMemory, fix_checksum, put};
use multiboot2_loader_core::acpi::rsdp::{Rsdp, RsdpError, check, find_in_low_memory};
use multiboot2_loader_core::acpi::tables::{Checksum, TableList, TablesError, list};
use multiboot2_loader_core::address::PhysAddr;
use proptest::prelude::{any, proptest};
use proptest::{collection, prop_assert, sample};

fn rsdp_1(rsdt: u32) -> Vec<u8> {
    let mut rsdp = vec![0; 20];
    put(&mut rsdp, 0, b"RSD PTR ");
    put(&mut rsdp, 16, rsdt.to_le_bytes());
    fix_checksum(&mut rsdp, 8);
    rsdp
}

fn rsdp_2(rsdt: u32, xsdt: u64) -> Vec<u8> {
    let mut rsdp = rsdp_1(rsdt);
    put(&mut rsdp, 15, [2]);
    fix_checksum(&mut rsdp, 8);
    put(&mut rsdp, 20, 36_u32.to_le_bytes());
    put(&mut rsdp, 24, xsdt.to_le_bytes());
    put(&mut rsdp, 33, [0; 3]);
    fix_checksum(&mut rsdp, 32);
    rsdp
}

pub(crate) fn table(signature: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut table = vec![0; 36];
    put(&mut table, 0, signature);
    put(&mut table, 36, body);
    let length = u32::try_from(table.len()).expect("short");
    put(&mut table, 4, length.to_le_bytes());
    fix_checksum(&mut table, 9);
    table
}

pub(crate) const fn at(address: u64) -> PhysAddr {
    PhysAddr::new(address)
}

#[test]
fn finds_the_root_pointer_in_the_bios_area() {
    let mut area = vec![0; 0x2_0000];
    put(&mut area, 0x1_5250, rsdp_1(0x7fe_0000));
    let memory = FakeMemory::default().with(0xe_0000, area);
    let expected = Rsdp {
        address: at(0xf_5250),
        length_bytes: 20,
        rsdt: Some(at(0x7fe_0000)),
        xsdt: None,
    };
    assert_eq!(find_in_low_memory(&memory), Some(expected));
}

#[test]
fn finds_the_root_pointer_in_the_extended_bios_data_area() {
    let mut area = vec![0; 0x400];
    put(&mut area, 0x3e0, rsdp_1(0x7fe_0000));
    let memory = FakeMemory::default()
        .with(0x400, vec![0; 0xe])
        .with(0x40e, 0x9fc0_u16.to_le_bytes())
        .with(0x9_fc00, area);
    assert_eq!(find_in_low_memory(&memory).map(|rsdp| rsdp.address), Some(at(0x9_ffe0)));
}

#[test]
fn passes_over_a_root_pointer_that_does_not_add_up_or_lies_askew() {
    let mut area = vec![0; 0x2_0000];
    let mut broken = rsdp_1(1);
    broken[16] = 2;
    put(&mut area, 0x100, broken);
    put(&mut area, 0x208, rsdp_1(1));
    put(&mut area, 0x1_fff0, b"RSD PTR ");
    assert_eq!(find_in_low_memory(&FakeMemory::default().with(0xe_0000, area)), None);
}

#[test]
fn the_second_version_has_a_list_with_64_bits() {
    let memory = FakeMemory::default().with(0x1001, rsdp_2(0x2000, 0x1_0000_3000));
    let expected = Rsdp {
        address: at(0x1001),
        length_bytes: 36,
        rsdt: Some(at(0x2000)),
        xsdt: Some(at(0x1_0000_3000)),
    };
    assert_eq!(check(&memory, at(0x1001)), Ok(expected));
}

#[test]
fn rejects_a_root_pointer_whose_checksums_or_length_are_wrong() {
    let checked = |bytes: Vec<u8>| check(&FakeMemory::default().with(0x1000, bytes), at(0x1000)).err();
    let wrong = Some(RsdpError::Checksum { address: at(0x1000) });
    let mut first = rsdp_2(1, 2);
    first[8] ^= 1;
    first[32] = first[32].wrapping_add(1);
    assert_eq!(checked(first), wrong);
    let mut second = rsdp_2(1, 2);
    second[24] ^= 1;
    assert_eq!(checked(second), wrong);
    let mut length = rsdp_2(1, 2);
    put(&mut length, 20, 35_u32.to_le_bytes());
    fix_checksum(&mut length, 32);
    assert_eq!(checked(length), wrong);
}

#[test]
fn rejects_what_is_no_root_pointer() {
    let checked = |bytes: Vec<u8>| check(&FakeMemory::default().with(0x1000, bytes), at(0x1000)).err();
    assert_eq!(checked(vec![0; 36]), Some(RsdpError::Signature { address: at(0x1000) }));
    assert_eq!(checked(rsdp_2(0, 0)), Some(RsdpError::NoTables { address: at(0x1000) }));
    assert!(matches!(
        checked(rsdp_2(1, 2)[..30].to_vec()),
        Some(RsdpError::OutOfReach(_))
    ));
}

const ROOT: Rsdp = Rsdp {
    address: at(0x1000),
    length_bytes: 36,
    rsdt: Some(at(0x2000)),
    xsdt: Some(at(0x3000)),
};

/// A FADT that names a FACS and a DSDT, both ways.
fn fadt() -> Vec<u8> {
    let mut body = vec![0; 112];
    put(&mut body, 0, [0x7000_u32, 0x8000].map(u32::to_le_bytes).concat());
    put(&mut body, 132 - 36, [0x7000_u64, 0x9000].map(u64::to_le_bytes).concat());
    table(b"FACP", &body)
}

fn facs() -> Vec<u8> {
    let mut facs = vec![1; 64];
    put(&mut facs, 0, b"FACS");
    put(&mut facs, 4, 64_u32.to_le_bytes());
    facs
}

/// XSDT with FADT and MADT, RSDT with the MADT alone.
fn machine() -> FakeMemory {
    FakeMemory::default()
        .with(0x2000, table(b"RSDT", &0x5000_u32.to_le_bytes()))
        .with(
            0x3000,
            table(b"XSDT", &[0x4000_u64, 0x5000, 0, 0x5000].map(u64::to_le_bytes).concat()),
        )
        .with(0x4000, fadt())
        .with(0x5000, table(b"APIC", &[0; 8]))
        .with(0x7000, facs())
        .with(0x8000, table(b"DSDT", &[1; 1000]))
        .with(0x9000, table(b"DSDT", &[2; 2000]))
}

/// RSDT with the FADT alone.
fn machine_with_fadt(fadt: Vec<u8>) -> FakeMemory {
    FakeMemory::default()
        .with(0x2000, table(b"RSDT", &0x4000_u32.to_le_bytes()))
        .with(0x4000, fadt)
        .with(0x7000, facs())
        .with(0x8000, table(b"DSDT", &[1; 1000]))
        .with(0x9000, table(b"DSDT", &[2; 2000]))
}

fn names(list: &TableList) -> Vec<(&str, u64)> {
    list.tables()
        .iter()
        .map(|table| {
            (
                str::from_utf8(&table.signature).expect("letters"),
                table.extent.base.as_u64(),
            )
        })
        .collect()
}

#[test]
fn lists_every_table_once_with_those_that_the_fadt_names() {
    let list = list(&machine(), &ROOT).expect("all is well");
    let expected = [
        ("XSDT", 0x3000),
        ("FACP", 0x4000),
        ("APIC", 0x5000),
        ("FACS", 0x7000),
        ("DSDT", 0x8000),
        ("DSDT", 0x9000),
        ("RSDT", 0x2000),
    ];
    assert_eq!(names(&list), expected);
    assert_eq!(
        list.find(*b"APIC").map(|table| table.extent),
        Some(extent(0x5000, 0x502c))
    );
    assert_eq!(list.unreadable, 0);
}

#[test]
fn without_a_sound_xsdt_the_rsdt_is_used() {
    for rsdp in [
        Rsdp { xsdt: None, ..ROOT },
        Rsdp {
            xsdt: Some(at(0x5000)),
            ..ROOT
        },
        Rsdp {
            xsdt: Some(at(0x123_4567)),
            ..ROOT
        },
    ] {
        assert_eq!(list(&machine(), &rsdp).map(|list| names(&list).len()), Ok(2));
    }
}

#[test]
fn rejects_a_machine_without_a_sound_root_table() {
    let only = |bytes: Vec<u8>| {
        let memory = FakeMemory::default().with(0x3000, bytes);
        list(&memory, &Rsdp { rsdt: None, ..ROOT }).err()
    };
    assert_eq!(
        only(table(b"OTHR", &[])),
        Some(TablesError::Signature { address: at(0x3000) })
    );
    let mut broken = table(b"XSDT", &[0; 8]);
    broken[36] = 1;
    assert_eq!(only(broken), Some(TablesError::Checksum { address: at(0x3000) }));
    for length_bytes in [35_u32, (16 << 20) + 1, u32::MAX] {
        let mut absurd = table(b"XSDT", &[]);
        put(&mut absurd, 4, length_bytes.to_le_bytes());
        assert_eq!(
            only(absurd),
            Some(TablesError::Length {
                address: at(0x3000),
                length_bytes
            })
        );
    }
}

#[test]
fn reads_fadts_longer_and_shorter_than_the_fields_it_needs() {
    for (body_bytes, expected) in [(300, 5), (44 - 36, 4), (40 - 36, 3), (0, 2)] {
        let mut body = vec![0; body_bytes];
        let fields = [0x7000_u32, 0x8000].map(u32::to_le_bytes).concat();
        let wide = [0_u64, 0x9000].map(u64::to_le_bytes).concat();
        put(&mut body, 0, fields);
        put(&mut body, 132 - 36, wide);
        body.truncate(body_bytes);
        let memory = machine_with_fadt(table(b"FACP", &body));
        let list = list(&memory, &Rsdp { xsdt: None, ..ROOT }).expect("all is well");
        assert_eq!(list.tables().len(), expected, "{body_bytes}");
    }
}

#[test]
fn a_table_that_does_not_add_up_stays_listed_and_marked() {
    let mut broken = table(b"HPET", &[1]);
    broken[36] = 2;
    let memory = FakeMemory::default()
        .with(0x2000, table(b"RSDT", &0x4000_u32.to_le_bytes()))
        .with(0x4000, broken);
    let list = list(&memory, &Rsdp { xsdt: None, ..ROOT }).expect("all is well");
    assert_eq!(list.find(*b"HPET").map(|table| table.checksum), Some(Checksum::Wrong));
}

#[test]
fn tables_out_of_reach_or_of_absurd_length_are_counted() {
    let mut absurd = table(b"HPET", &[]);
    put(&mut absurd, 4, 7_u32.to_le_bytes());
    let pointers = [0x4000_u32, 0xffff_fff0].map(u32::to_le_bytes).concat();
    let memory = FakeMemory::default()
        .with(0x2000, table(b"RSDT", &pointers))
        .with(0x4000, absurd);
    let list = list(&memory, &Rsdp { xsdt: None, ..ROOT }).expect("all is well");
    assert_eq!((list.tables().len(), list.unreadable), (1, 2));
}

proptest! {
    #[test]
    fn no_damage_makes_the_list_panic(damage in collection::vec((sample::select(vec![0x2000_u64, 0x3000, 0x4000, 0x5000, 0x7000]), 0..60_u64, any::<u8>()), 0..6)) {
        use multiboot2_loader_core::physical_memory::PhysicalMemory;
        let mut memory = machine();
        for (base, offset, byte) in damage {
            // Some tables are shorter than the offset: then there is nothing to damage.
            _ = memory.write(at(base + offset), &[byte]);
        }
        if let Ok(list) = list(&memory, &ROOT) {
            prop_assert!(list.tables().iter().all(|table| table.extent.length_bytes <= 16 << 20));
        }
    }
}
