//! Rules of what is left out of the copy, and what is said about it: each thing that is wrong is one line.

use super::machine::{
    BASE, BGRT, DSDT, FADT, HPET, MADT, MCFG, RSDP, SPCR, SSDT, WAET, XSDT, copied, fadt, lines, machine, madt,
    madt_entries,
};
use super::support::{FakeMemory, at, fix_checksum, put, table};
use acpi_check::{AllegedAddress, OutOfReach, ReadMemory, Signature, check};

/// The names of the tables that are copied.
fn names(memory: &FakeMemory) -> Vec<String> {
    let mut image = Vec::new();
    let (tables, _) = copied(memory, &mut image);
    let tables = tables.expect("there is a root table");
    tables.signatures().map(|signature| signature.to_string()).collect()
}

#[test]
fn of_a_sound_machine_every_table_is_copied_and_nothing_is_noted() {
    assert_eq!(lines(&machine()), [""; 0]);
    let expected = [
        "FACP", "APIC", "HPET", "SPCR", "MCFG", "SSDT", "SRAT", "SLIT", "BGRT", "WAET", "DSDT",
    ];
    assert_eq!(names(&machine()), expected);
}

#[test]
fn without_a_root_pointer_there_is_nothing() {
    let mut notes = Vec::new();
    assert!(check(&machine(), None, &mut |note| notes.push(note.to_string())).is_none());
    assert!(check(&machine(), Some(at(XSDT)), &mut |note| notes.push(note.to_string())).is_none());
    let expected = ["no ACPI root pointer", "no ACPI root pointer at 0x3000"];
    assert_eq!(notes, expected);
}

#[test]
fn without_a_sound_list_there_is_nothing() {
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
fn a_table_whose_name_cannot_be_printed_is_left_out() {
    let mut memory = machine();
    *memory.island(WAET) = table(b"W\xff\x1bT", &[]);
    let expected = "table W\\xff\\x1bT at 0x100000000: its name cannot be printed";
    assert_eq!(lines(&memory), [expected]);
}

#[test]
fn a_table_shorter_than_its_kind_is_left_out() {
    let kinds: [(u64, &[u8; 4], u32); 5] = [
        (MADT, b"APIC", 44),
        (HPET, b"HPET", 56),
        (SPCR, b"SPCR", 80),
        (MCFG, b"MCFG", 44),
        (BGRT, b"BGRT", 56),
    ];
    for (address, signature, needed_bytes) in kinds {
        let short = usize::try_from(needed_bytes).expect("short") - 37;
        let mut memory = machine();
        *memory.island(address) = table(signature, &vec![0; short]);
        let name = Signature::new(*signature);
        let expected = format!(
            "table {name} at {address:#x}: {} bytes are too short, it needs {needed_bytes}",
            needed_bytes - 1
        );
        assert_eq!(lines(&memory).first(), Some(&expected));
    }
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
fn the_dsdt_of_the_newer_pointer_is_preferred_and_the_other_one_is_the_last_resort() {
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
fn a_dsdt_that_only_the_list_names_is_left_out() {
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
fn a_madt_without_a_processor_is_left_out() {
    let mut memory = machine();
    *memory.island(MADT) = madt(&madt_entries()[2..]);
    let expected = ["table APIC at 0x5003: it names no processor", "no sound table APIC"];
    assert_eq!(lines(&memory), expected);
}

#[test]
fn an_mcfg_entry_where_nothing_can_lie_is_left_out() {
    let entry = |base: u64, first, last| [&base.to_le_bytes()[..], &[0, 0, first, last, 0, 0, 0, 0]].concat();
    let entries = [
        entry(0, 0, 255),
        entry(0xb000_0000, 0, 255),
        entry(u64::MAX - 5, 0, 0),
        entry(0xb000_0000, 9, 8),
        entry((1 << 52) - (1 << 20), 0, 1),
        vec![1, 2, 3],
    ];
    let mut memory = machine();
    *memory.island(MCFG) = table(b"MCFG", &[&[0; 8][..], &entries.concat()].concat());
    let line = |index| format!("MCFG entry {index}: no configuration space can lie there");
    assert_eq!(lines(&memory), [0, 2, 3, 4].map(line));
    let mut image = Vec::new();
    let (tables, _) = copied(&memory, &mut image);
    let mcfg = tables
        .expect("sound")
        .find(Signature::MCFG)
        .map(|mcfg| mcfg[44..].to_vec());
    assert_eq!(mcfg, Some(entry(0xb000_0000, 0, 255)));
}

#[test]
fn a_name_outside_of_the_spcr_is_taken_away() {
    for (offset, field) in [(84, [7, 0, 90, 0]), (84, [0xff, 0xff, 88, 0]), (84, [1, 0, 0xff, 0xff])] {
        let mut memory = machine();
        let spcr = memory.island(SPCR);
        put(spcr, offset, field);
        fix_checksum(spcr, 9);
        let expected = ["SPCR: the name of the device lies outside of the table"];
        assert_eq!(lines(&memory), expected);
    }
    // A table that ends within the field, whose second half then begins at byte 255.
    let mut memory = machine();
    let mut bytes = memory.island(SPCR)[36..87].to_vec();
    bytes[48..].copy_from_slice(&[80, 0, 255]);
    *memory.island(SPCR) = table(b"SPCR", &bytes);
    assert_eq!(lines(&memory).len(), 1);
}

/// Memory in which one byte is another at every reading.
struct Restless(FakeMemory, core::cell::Cell<u8>);

impl ReadMemory for Restless {
    fn read(&self, address: AllegedAddress, bytes: &mut [u8]) -> Result<(), OutOfReach> {
        self.0.read(address, bytes)?;
        if address == at(SSDT) && bytes.len() > 8 {
            self.1.set(self.1.get() + 1);
            if self.1.get() > 1 {
                bytes[36] ^= 1;
            }
        }
        Ok(())
    }
}

#[test]
fn a_table_that_changes_while_it_is_copied_is_left_out() {
    let memory = Restless(machine(), core::cell::Cell::new(0));
    let mut notes = Vec::new();
    let tables = check(&memory, Some(at(RSDP)), &mut |note| notes.push(note.to_string())).expect("sound");
    let mut image = vec![0; tables.image_size_bytes()];
    let copied = tables.copy_into(&memory, BASE, &mut image, &mut |note| notes.push(note.to_string()));
    assert!(copied.expect("the size is right").find(Signature::SSDT).is_none());
    assert_eq!(notes, ["table SSDT at 0xb000: it changed while it was copied"]);
}

#[test]
fn switching_off_is_looked_for_in_the_dsdt_and_then_in_ssdts() {
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
