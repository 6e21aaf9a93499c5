//! Rules of what is left out of the copy: each fault is one line.

use super::machine::{DSDT, FADT, HPET, MADT, SSDT, WAET, XSDT, copied, fadt, lines, machine, madt, madt_entries};
use super::support::{FakeMemory, at, fix_checksum, put, table};
use acpi_check::{MadtEntry, Signature, check};

/// The names of the tables that are copied.
fn names(memory: &FakeMemory) -> Vec<String> {
    let mut image = Vec::new();
    let (tables, _) = copied(memory, &mut image);
    let tables = tables.expect("there is a root table");
    tables.iter().map(|(signature, _)| signature.to_string()).collect()
}

#[test]
fn every_table_of_a_sound_machine_is_copied_without_a_note() {
    assert_eq!(lines(&machine()), [""; 0]);
    let expected = [
        "FACP", "APIC", "HPET", "SPCR", "MCFG", "SSDT", "SRAT", "SLIT", "BGRT", "WAET", "DSDT",
    ];
    assert_eq!(names(&machine()), expected);
}

#[test]
fn without_a_root_pointer_there_are_no_tables() {
    let mut notes = Vec::new();
    assert!(check(&machine(), None, &mut |note| notes.push(note.to_string())).is_none());
    assert!(check(&machine(), Some(at(XSDT)), &mut |note| notes.push(note.to_string())).is_none());
    let expected = ["no ACPI root pointer", "no ACPI root pointer at 0x3000"];
    assert_eq!(notes, expected);
}

#[test]
fn without_a_sound_root_table_there_are_no_tables() {
    let mut memory = machine();
    memory.island(XSDT)[36] ^= 1;
    memory.island(super::machine::RSDT)[36] ^= 1;
    let expected = [
        "table XSDT at 0x3000: wrong checksum",
        "table RSDT at 0x2000: wrong checksum",
    ];
    assert_eq!(lines(&memory), expected);
}

#[test]
fn a_damaged_xsdt_falls_back_to_the_rsdt() {
    let mut memory = machine();
    memory.island(XSDT)[36] ^= 1;
    assert_eq!(lines(&memory), ["table XSDT at 0x3000: wrong checksum"]);
    assert_eq!(names(&memory), ["FACP", "APIC", "DSDT"]);
}

#[test]
fn a_table_with_a_wrong_checksum_is_left_out() {
    let mut memory = machine();
    memory.island(HPET)[50] ^= 1;
    assert_eq!(lines(&memory), ["table HPET at 0x6000: wrong checksum"]);
    assert!(!names(&memory).contains(&"HPET".to_owned()));
}

#[test]
fn a_name_that_cannot_be_printed_is_escaped() {
    let mut memory = machine();
    *memory.island(WAET) = table(b"W\xff\x1bT", &[]);
    assert_eq!(lines(&memory), [""; 0]);
    assert!(names(&memory).contains(&r"W\xff\x1bT".to_owned()));
    memory.island(WAET)[30] ^= 1;
    assert_eq!(lines(&memory), [r"table W\xff\x1bT at 0x100000000: wrong checksum"]);
}

#[test]
fn a_madt_shorter_than_its_fixed_part_is_left_out() {
    let mut memory = machine();
    *memory.island(MADT) = table(b"APIC", &[0; 7]);
    let expected = [
        "table APIC at 0x5003: 43 bytes are too short, it needs 44",
        "no sound table APIC",
    ];
    assert_eq!(lines(&memory), expected);
}

#[test]
fn a_fadt_shorter_than_the_first_version_is_left_out_and_with_it_the_dsdt() {
    let mut memory = machine();
    let mut short = fadt();
    short.truncate(115);
    put(&mut short, 4, 115_u32.to_le_bytes());
    fix_checksum(&mut short, 9);
    *memory.island(FADT) = short;
    let expected = [
        "table FACP at 0x4001: 115 bytes are too short, it needs 116",
        "table DSDT at 0x8005: the FADT prefers another or none",
        "no sound table FACP",
        "no sound table DSDT",
    ];
    assert_eq!(lines(&memory), expected);
}

#[test]
fn the_dsdt_of_the_64_bit_field_is_preferred_to_that_of_the_32_bit_field() {
    let mut other = fadt();
    put(&mut other, 140, 0x1_1000_u64.to_le_bytes());
    fix_checksum(&mut other, 9);
    let mut memory = machine().with(0x1_1000, table(b"DSDT", &[7; 7]));
    *memory.island(FADT) = other;
    let mut image = Vec::new();
    let (tables, _) = copied(&memory, &mut image);
    assert_eq!(tables.expect("sound").find(Signature::DSDT).map(<[u8]>::len), Some(43));
    let expected = ["table DSDT at 0x8005: the FADT prefers another or none"];
    assert_eq!(lines(&memory), expected);

    memory.island(0x1_1000)[40] ^= 1;
    let mut image = Vec::new();
    let (tables, _) = copied(&memory, &mut image);
    assert_eq!(tables.expect("sound").find(Signature::DSDT).map(<[u8]>::len), Some(48));
    assert_eq!(lines(&memory), ["table DSDT at 0x11000: wrong checksum"]);
}

#[test]
fn a_dsdt_that_the_fadt_does_not_name_is_left_out() {
    let mut memory = machine().with(0x1_1000, table(b"DSDT", &[]));
    *memory.island(WAET) = table(b"WAET", &[]);
    *memory.island(XSDT) = table(b"XSDT", &[FADT, MADT, 0x1_1000].map(u64::to_le_bytes).concat());
    let expected = ["table DSDT at 0x11000: the FADT prefers another or none"];
    assert_eq!(lines(&memory), expected);
    assert_eq!(names(&memory), ["FACP", "APIC", "DSDT"]);
}

#[test]
fn missing_tables_are_one_line_each() {
    let mut memory = machine();
    *memory.island(XSDT) = table(b"XSDT", &[HPET].map(u64::to_le_bytes).concat());
    let expected = ["no sound table FACP", "no sound table DSDT", "no sound table APIC"];
    assert_eq!(lines(&memory), expected);
}

#[test]
fn each_invalid_entry_of_the_madt_is_one_line_and_the_others_are_read() {
    let mut memory = machine();
    let short = [0, 7, 1, 2, 1, 0, 0];
    let odd = [1, 12, 0, 0, 2, 0, 0xc0, 0xfe, 0, 0, 0, 0];
    let endless = [0, 0, 1, 1, 1, 0, 0, 0];
    *memory.island(MADT) = madt(&[&short, &odd, madt_entries()[2], &endless, madt_entries()[0]]);
    let expected = [
        "MADT entry of type 0 at offset 44: 7 bytes are too short, it needs 8",
        "MADT entry of type 1 at offset 51: no registers can lie at 0xfec00002",
        "MADT entry of type 0 at offset 75: absurd length, 0 bytes. The rest of the table is ignored",
    ];
    assert_eq!(lines(&memory), expected);
    let mut room = Vec::new();
    let (tables, _) = copied(&memory, &mut room);
    let entries: Vec<MadtEntry> = tables.expect("sound").madt_entries().flatten().collect();
    assert!(matches!(entries[..], [MadtEntry::IoApic(_)]));
}

#[test]
fn a_madt_without_a_processor_is_used() {
    let mut memory = machine();
    *memory.island(MADT) = madt(&madt_entries()[2..]);
    assert_eq!(lines(&memory), [""; 0]);
    assert!(names(&memory).contains(&"APIC".to_owned()));
}

#[test]
fn soft_off_is_searched_in_the_dsdt_first_and_then_in_ssdts() {
    let soft_off = |memory: &FakeMemory| {
        let mut image = Vec::new();
        let (tables, _) = copied(memory, &mut image);
        tables
            .and_then(|tables| tables.soft_off())
            .map(|soft_off| (soft_off.a, soft_off.b))
    };
    let mut memory = machine();
    assert_eq!(soft_off(&memory), Some((0, 0)));
    *memory.island(DSDT) = table(b"DSDT", &[]);
    assert_eq!(soft_off(&memory), None);
    *memory.island(SSDT) = table(b"SSDT", b"\x08\\_S5_\x12\x08\x04\x0a\x05\x0a\x06\x00\x00");
    assert_eq!(soft_off(&memory), Some((5, 6)));
}
