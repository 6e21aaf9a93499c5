//! Rules of the search for ACPI's root pointer. Those of reading it, and of the tables, are with `acpi_check`.

use super::support::{FakeMemory, fix_checksum, put};
use acpi_check::{AllegedAddress, OutOfReach, ReadMemory, Rsdp};
use multiboot2_loader_core::acpi::AcpiMemory;
use multiboot2_loader_core::acpi::rsdp_search::find_in_low_memory;
use multiboot2_loader_core::address::PhysAddr;

fn rsdp_1(rsdt: u32) -> Vec<u8> {
    let mut rsdp = vec![0; 20];
    put(&mut rsdp, 0, b"RSD PTR ");
    put(&mut rsdp, 16, rsdt.to_le_bytes());
    fix_checksum(&mut rsdp, 8);
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
        address: at(0xf_5250).into(),
        length_bytes: 20,
        rsdt: Some(at(0x7fe_0000).into()),
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
    let found = find_in_low_memory(&memory).map(|rsdp| rsdp.address);
    assert_eq!(found, Some(at(0x9_ffe0).into()));
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
fn what_the_loader_cannot_reach_acpi_cannot_either() {
    let memory = FakeMemory::default().with(0x1000, [1, 2, 3]);
    let address = AllegedAddress::new(0x1001);
    let mut bytes = [0; 3];
    assert_eq!(AcpiMemory(&memory).read(address, &mut bytes[..2]), Ok(()));
    assert_eq!(bytes, [2, 3, 0]);
    let length_bytes = 3;
    let error = OutOfReach { address, length_bytes };
    assert_eq!(AcpiMemory(&memory).read(address, &mut bytes), Err(error));
}
