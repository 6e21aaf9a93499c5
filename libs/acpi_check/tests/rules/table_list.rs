//! Rules of the list of tables, which a boot loader uses too.

use super::machine::facs;
use super::support::{FakeMemory, at, put, table};
use acpi_check::{
    AcpiNote, Checksum, POINTER_LIMIT, Rsdp, Signature, TABLE_LIMIT, TOTAL_LIMIT_BYTES, TableError, TableFault,
    TableList,
};

const ROOT: Rsdp = Rsdp {
    address: at(0x1000),
    length_bytes: 36,
    rsdt: Some(at(0x2000)),
    xsdt: Some(at(0x3000)),
};
const OLD_ROOT: Rsdp = Rsdp { xsdt: None, ..ROOT };

/// A FADT that names a FACS and a DSDT, both ways.
fn fadt() -> Vec<u8> {
    let mut body = vec![0; 112];
    put(&mut body, 0, [0x7000_u32, 0x8000].map(u32::to_le_bytes).concat());
    put(&mut body, 132 - 36, [0x7000_u64, 0x9000].map(u64::to_le_bytes).concat());
    table(b"FACP", &body)
}

/// Tables for the pointers of both root tables.
fn tables() -> FakeMemory {
    FakeMemory::default()
        .with(0x4000, fadt())
        .with(0x5000, table(b"APIC", &[0; 8]))
        .with(0x7000, facs())
        .with(0x8000, table(b"DSDT", &[1; 1000]))
        .with(0x9000, table(b"DSDT", &[2; 2000]))
}

/// A RSDT with these pointers.
fn rsdt(pointers: &[u32]) -> Vec<u8> {
    let pointers: Vec<u8> = pointers.iter().flat_map(|pointer| pointer.to_le_bytes()).collect();
    table(b"RSDT", &pointers)
}

/// XSDT with FADT and MADT, RSDT with the MADT alone.
fn machine() -> FakeMemory {
    tables().with(0x2000, rsdt(&[0x5000])).with(
        0x3000,
        table(b"XSDT", &[0x4000_u64, 0x5000].map(u64::to_le_bytes).concat()),
    )
}

/// The list and the notes.
fn listed(memory: &FakeMemory, root: &Rsdp) -> (TableList, Vec<AcpiNote>) {
    let mut notes = Vec::new();
    let list = TableList::read(memory, root, &mut |note| notes.push(note)).expect("there is a root table");
    (list, notes)
}

/// The error of a machine without a sound root table.
fn error(memory: &FakeMemory, root: &Rsdp) -> Option<TableError> {
    TableList::read(memory, root, &mut |_| ()).err()
}

fn names(list: &TableList) -> Vec<(String, u64)> {
    let tables = list.tables().iter();
    tables
        .map(|table| (table.signature.to_string(), table.address.as_u64()))
        .collect()
}

#[test]
fn lists_every_table_once_including_those_in_the_fadt() {
    let (list, notes) = listed(&machine(), &ROOT);
    let expected = [
        ("XSDT", 0x3000),
        ("FACP", 0x4000),
        ("APIC", 0x5000),
        ("FACS", 0x7000),
        ("DSDT", 0x9000),
        ("DSDT", 0x8000),
        ("RSDT", 0x2000),
    ];
    assert_eq!(names(&list), expected.map(|(name, address)| (name.to_owned(), address)));
    let madt = list
        .find(Signature::MADT)
        .map(|table| (table.address, table.length_bytes));
    assert_eq!(madt, Some((at(0x5000), 0x2c)));
    assert_eq!(notes, []);
}

#[test]
fn without_a_sound_xsdt_the_rsdt_is_used() {
    for (xsdt, note_count) in [(None, 0), (Some(at(0x5000)), 1), (Some(at(0x123_4567)), 1)] {
        let (list, notes) = listed(&machine(), &Rsdp { xsdt, ..ROOT });
        assert_eq!(names(&list).len(), 2);
        assert_eq!(notes.len(), note_count, "{notes:?}");
    }
}

#[test]
fn rejects_a_machine_without_a_sound_root_table() {
    let only = |bytes: Vec<u8>| {
        let memory = FakeMemory::default().with(0x3000, bytes);
        error(&memory, &Rsdp { rsdt: None, ..ROOT }).map(|error| error.fault)
    };
    let expected = Signature::XSDT;
    assert_eq!(only(table(b"OTHR", &[])), Some(TableFault::Signature { expected }));
    let mut broken = table(b"XSDT", &[0; 8]);
    broken[36] = 1;
    assert_eq!(only(broken), Some(TableFault::Checksum));
    for length_bytes in [35_u32, (16 << 20) + 1, u32::MAX] {
        let mut absurd = table(b"XSDT", &[]);
        put(&mut absurd, 4, length_bytes.to_le_bytes());
        assert_eq!(only(absurd), Some(TableFault::Length { length_bytes }));
    }
    let nothing = Rsdp { rsdt: None, ..OLD_ROOT };
    assert!(error(&machine(), &nothing).is_some());
}

#[test]
fn reads_fadts_longer_and_shorter_than_the_fields_it_needs() {
    for (body_bytes, expected) in [(300, 5), (44 - 36, 4), (40 - 36, 3), (38 - 36, 2), (0, 2)] {
        let mut body = vec![0; 300];
        put(&mut body, 0, [0x7000_u32, 0x8000].map(u32::to_le_bytes).concat());
        put(&mut body, 132 - 36, [0_u64, 0x9000].map(u64::to_le_bytes).concat());
        body.truncate(body_bytes);
        let mut memory = tables().with(0x2000, rsdt(&[0x4000]));
        *memory.island(0x4000) = table(b"FACP", &body);
        let (list, _) = listed(&memory, &OLD_ROOT);
        assert_eq!(list.tables().len(), expected, "{body_bytes}");
    }
}

#[test]
fn a_table_with_a_wrong_checksum_is_listed_and_marked() {
    let mut broken = table(b"HPET", &[1]);
    broken[36] = 2;
    let memory = FakeMemory::default().with(0x2000, rsdt(&[0x4000])).with(0x4000, broken);
    let (list, _) = listed(&memory, &OLD_ROOT);
    let hpet = list.find(Signature::HPET);
    assert_eq!(hpet.map(|table| table.checksum), Some(Checksum::Wrong));
}

#[test]
fn the_facs_needs_its_whole_length_but_no_checksum() {
    let (list, _) = listed(&machine(), &ROOT);
    let checksum = list.find(Signature::FACS).map(|table| table.checksum);
    assert_eq!(checksum, Some(Checksum::None));
    let mut memory = machine();
    put(memory.island(0x7000), 4, 63_u32.to_le_bytes());
    assert!(listed(&memory, &ROOT).0.find(Signature::FACS).is_none());
}

#[test]
fn notes_tables_out_of_reach_or_of_absurd_length() {
    let mut absurd = table(b"HPET", &[]);
    put(&mut absurd, 4, 7_u32.to_le_bytes());
    let mut long = table(b"OEM1", &[]);
    put(&mut long, 4, 4000_u32.to_le_bytes());
    let memory = FakeMemory::default()
        .with(0x2000, rsdt(&[0x4000, 0xffff_fff0, 0x5000]))
        .with(0x4000, absurd)
        .with(0x5000, long);
    let (list, notes) = listed(&memory, &OLD_ROOT);
    assert_eq!(list.tables().len(), 1);
    let lines: Vec<String> = notes.iter().map(ToString::to_string).collect();
    let expected = [
        "table HPET at 0x4000: absurd length, 7 bytes",
        "table at 0xfffffff0: cannot reach 8 bytes of memory at 0xfffffff0",
        "table OEM1 at 0x5000: cannot reach 512 bytes of memory at 0x5000",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn notes_null_pointers_duplicates_and_root_tables_in_the_root_table() {
    let memory = machine().with(0xa000, table(b"XSDT", &[]));
    let mut memory = memory;
    *memory.island(0x2000) = rsdt(&[0x5000, 0, 0x5000, 0x2000, 0xa000]);
    let (list, notes) = listed(&memory, &OLD_ROOT);
    assert_eq!(list.tables().len(), 2);
    let lines: Vec<String> = notes.iter().map(ToString::to_string).collect();
    let expected = [
        "pointer 1 of the RSDT is null",
        "table APIC at 0x5000: named twice",
        "table RSDT at 0x2000: a root table names it, and it is one itself",
        "table XSDT at 0xa000: a root table names it, and it is one itself",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn the_tables_in_the_fadt_must_be_facs_and_dsdt() {
    let mut memory = machine();
    let mut body = vec![0; 112];
    // A FACS that is the FADT itself, a DSDT that is something else.
    put(&mut body, 0, [0x4000_u32, 0xa000].map(u32::to_le_bytes).concat());
    *memory.island(0x4000) = table(b"FACP", &body);
    let memory = memory.with(0xa000, table(b"SSDT", &[]));
    let (list, notes) = listed(&memory, &ROOT);
    assert!(list.find(Signature::SSDT).is_none());
    let lines: Vec<String> = notes.iter().map(ToString::to_string).collect();
    let expected = [
        "table FACP at 0x4000: should be FACS",
        "table SSDT at 0xa000: should be DSDT",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn lists_no_more_tables_than_the_limit() {
    let mut memory = FakeMemory::default();
    let pointers: Vec<u32> = (1..=200).map(|index| 0x10_0000 + index * 64).collect();
    for pointer in &pointers {
        memory = memory.with(u64::from(*pointer), table(b"SSDT", &[]));
    }
    let memory = memory.with(0x2000, rsdt(&pointers));
    let (list, notes) = listed(&memory, &OLD_ROOT);
    assert_eq!(list.tables().len(), TABLE_LIMIT);
    assert_eq!(notes, [AcpiNote::TooManyTables { limit: TABLE_LIMIT }]);
}

#[test]
fn follows_no_more_pointers_than_the_limit() {
    let memory = FakeMemory::default().with(0x2000, rsdt(&[0x9_0000; 10_000]));
    let (_, notes) = listed(&memory, &OLD_ROOT);
    assert_eq!(notes.len(), 257);
    let expected = AcpiNote::TooManyPointers {
        root: Signature::RSDT,
        limit: POINTER_LIMIT,
    };
    assert_eq!(notes.last(), Some(&expected));
}

#[test]
fn all_tables_together_have_no_more_than_the_limit() {
    let large = table(b"SSDT", &vec![0; (16 << 20) - 36]);
    let memory = FakeMemory::default()
        .with(0x2000, rsdt(&[0x100_0000, 0x200_0000, 0x300_0000]))
        .with(0x100_0000, large.clone())
        .with(0x200_0000, large.clone())
        .with(0x300_0000, large);
    let (list, notes) = listed(&memory, &OLD_ROOT);
    assert_eq!(list.tables().len(), 3);
    let expected = AcpiNote::Table(TableError {
        signature: Some(Signature::SSDT),
        address: at(0x300_0000),
        fault: TableFault::TooMuch {
            limit_bytes: TOTAL_LIMIT_BYTES,
        },
    });
    assert_eq!(notes, [expected]);
}

#[test]
fn a_table_at_the_last_address_does_not_wrap_around() {
    let mut end = table(b"SSDT", &[]);
    put(&mut end, 4, 200_u32.to_le_bytes());
    let memory = FakeMemory::default()
        .with(0x3000, table(b"XSDT", &(u64::MAX - 35).to_le_bytes()))
        .with(u64::MAX - 35, end);
    let (list, notes) = listed(&memory, &Rsdp { rsdt: None, ..ROOT });
    assert_eq!((list.tables().len(), notes.len()), (1, 1));
}
