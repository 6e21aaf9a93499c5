//! Any bytes are tables with right checksums, which are copied and read: `cargo fuzz run table_sets` in `libs/acpi_check`.
#![no_main]

#[path = "../../tests/rules/support.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod support;

use acpi_check::{Hpet, IsaRoutes, SerialConsole, Signature, check};
use libfuzzer_sys::fuzz_target;
use support::{FakeMemory, at, fix_checksum, put, rsdp_2, table};

const RSDP: u64 = 0x1000;
const XSDT: u64 = 0x2000;
/// The tables lie at multiples of this.
const TABLE: u64 = 0x1_0000;

/// The names that tables get.
const SIGNATURES: [&[u8; 4]; 10] = [
    b"FACP", b"APIC", b"DSDT", b"SSDT", b"HPET", b"SPCR", b"MCFG", b"SRAT", b"BGRT", b"WAET",
];

/// Cuts the bytes into tables: name, length, contents behind the header.
fn tables(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut tables = Vec::new();
    while let [name, length, rest @ ..] = bytes {
        let signature = SIGNATURES[usize::from(*name) % SIGNATURES.len()];
        let (body, rest) = rest.split_at(rest.len().min(usize::from(*length) + usize::from(name & 0x80)));
        tables.push(table(signature, body));
        bytes = rest;
    }
    tables
}

/// Lets the first FADT name the first DSDT, since the fuzzer would hardly find out how.
fn connect(tables: &mut [Vec<u8>]) {
    let dsdt = tables.iter().zip(1_u64..).find(|(table, _)| table.starts_with(b"DSDT"));
    let dsdt = dsdt.map(|(_, number)| number * TABLE);
    let fadt = tables.iter_mut().find(|table| table.starts_with(b"FACP"));
    if let (Some(address), Some(fadt)) = (dsdt, fadt)
        && fadt.len() >= 44
    {
        let address = u32::try_from(address).expect("there are few tables");
        put(fadt, 40, address.to_le_bytes());
        fix_checksum(fadt, 9);
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut tables = tables(bytes);
    connect(&mut tables);
    let pointers: Vec<u8> = (1..=tables.len() as u64)
        .flat_map(|number| (number * TABLE).to_le_bytes())
        .collect();
    let mut memory = FakeMemory::default()
        .with(RSDP, rsdp_2(0, XSDT))
        .with(XSDT, table(b"XSDT", &pointers));
    for (table, number) in tables.into_iter().zip(1_u64..) {
        memory = memory.with(number * TABLE, table);
    }
    let mut note = |note: acpi_check::AcpiNote| _ = note.to_string();
    let sound = check(&memory, Some(at(RSDP)), &mut note).expect("the list is right");
    let mut room = vec![0; sound.size_bytes()];
    let copied = sound.copy_into(&memory, &mut room, &mut note);
    _ = copied.soft_off();
    if let Some(fadt) = copied.fadt() {
        _ = (fadt.pm1_control(), fadt.pm_timer(), fadt.reset_register());
        _ = (
            fadt.acpi_mode_command(),
            fadt.keyboard_controller(),
            fadt.century_register(),
        );
    }
    _ = copied.find(Signature::HPET).map(Hpet::from_table);
    _ = copied.find(Signature::SPCR).map(SerialConsole::from_table);
    _ = IsaRoutes::read(copied.madt_entries());
    let length_bytes: usize = copied.iter().map(|(_, table)| table.len()).sum();
    assert_eq!(length_bytes, room.len());
});
