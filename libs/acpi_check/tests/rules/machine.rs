//! A machine with tables of many kinds, as firmware lays them out.

use acpi_check::{AcpiNote, CopiedTables, check};

use super::support::{FakeMemory, at, put, rsdp_2, table, table_with};

pub(crate) const RSDP: u64 = 0xf_5250;
pub(crate) const RSDT: u64 = 0x2000;
pub(crate) const XSDT: u64 = 0x3000;
pub(crate) const FADT: u64 = 0x4001;
pub(crate) const MADT: u64 = 0x5003;
pub(crate) const HPET: u64 = 0x6000;
pub(crate) const FACS: u64 = 0x7000;
pub(crate) const DSDT: u64 = 0x8005;
pub(crate) const SPCR: u64 = 0x9000;
pub(crate) const MCFG: u64 = 0xa000;
pub(crate) const SSDT: u64 = 0xb000;
pub(crate) const SRAT: u64 = 0xc000;
pub(crate) const SLIT: u64 = 0xd000;
pub(crate) const BGRT: u64 = 0xe000;
pub(crate) const WAET: u64 = 0x1_0000_0000;

/// All tables that the XSDT names, in its order.
pub(crate) const NAMED: [u64; 10] = [FADT, MADT, HPET, SPCR, MCFG, SSDT, SRAT, SLIT, BGRT, WAET];
/// Addresses of all structures.
pub(crate) const ALL: [u64; 15] = [
    RSDP, RSDT, XSDT, FADT, MADT, HPET, FACS, DSDT, SPCR, MCFG, SSDT, SRAT, SLIT, BGRT, WAET,
];

/// The package `_S5_` of QEMU's DSDT.
pub(crate) const SOFT_OFF: &[u8] = &[0x08, b'_', b'S', b'5', b'_', 0x12, 0x06, 0x04, 0x00, 0x00, 0x00, 0x00];

pub(crate) fn machine() -> FakeMemory {
    let narrow = [FADT, MADT].map(|address| low(address).to_le_bytes());
    FakeMemory::default()
        .with(RSDP, rsdp_2(low(RSDT), XSDT))
        .with(RSDT, table(b"RSDT", &narrow.concat()))
        .with(XSDT, table(b"XSDT", &NAMED.map(u64::to_le_bytes).concat()))
        .with(FADT, fadt())
        .with(MADT, madt(&madt_entries()))
        .with(HPET, hpet())
        .with(FACS, facs())
        .with(DSDT, table(b"DSDT", SOFT_OFF))
        .with(SPCR, spcr())
        .with(MCFG, mcfg())
        .with(SSDT, table(b"SSDT", &[0x10, 0x05, b'_', b'S', b'B', b'_']))
        .with(SRAT, table(b"SRAT", &[0; 12]))
        .with(SLIT, slit())
        .with(
            BGRT,
            table(
                b"BGRT",
                &[1, 0, 1, 0, 0, 0, 0, 0x30, 0, 0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 0],
            ),
        )
        .with(WAET, table(b"WAET", &[3, 0, 0, 0]))
}

/// An address that fits the 32-bit fields.
fn low(address: u64) -> u32 {
    u32::try_from(address).expect("it lies below 4 GiB")
}

/// A FADT as QEMU's q35 has it: 244 bytes, old and newer fields.
pub(crate) fn fadt() -> Vec<u8> {
    let port = |port: u16, width: u8| {
        let [low, high] = port.to_le_bytes();
        [1, width, 0, 0, low, high, 0, 0, 0, 0, 0, 0]
    };
    let narrow = |number: u32| number.to_le_bytes();
    table_with(
        b"FACP",
        244,
        &[
            (8, &[3]),
            (36, &narrow(low(FACS))),
            (40, &narrow(low(DSDT))),
            (46, &[9, 0]),
            (48, &narrow(0xb2)),
            (52, &[2, 3]),
            (56, &narrow(0x600)),
            (64, &narrow(0x604)),
            (76, &narrow(0x608)),
            (80, &narrow(0x620)),
            (88, &[4, 2, 0, 4, 16, 0]),
            (108, &[0x32]),
            (109, &[2, 0]),
            (112, &narrow(0x84a5 | 1 << 10)),
            (116, &port(0xcf9, 8)),
            (128, &[0xf]),
            (140, &DSDT.to_le_bytes()),
            (148, &port(0x600, 32)),
            (172, &port(0x604, 16)),
            (208, &port(0x608, 32)),
            (220, &port(0x620, 128)),
        ],
    )
}

/// A MADT with these entries, and an 8259.
pub(crate) fn madt(entries: &[&[u8]]) -> Vec<u8> {
    table(
        b"APIC",
        &[&[0, 0, 0xe0, 0xfe, 1, 0, 0, 0][..], &entries.concat()].concat(),
    )
}

/// The entries of a PC with two processors.
pub(crate) fn madt_entries() -> [&'static [u8]; 9] {
    [
        &[0, 8, 0, 0, 1, 0, 0, 0],
        &[9, 16, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0],
        &[1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0],
        &[2, 10, 0, 0, 2, 0, 0, 0, 0, 0],
        &[2, 10, 0, 9, 9, 0, 0, 0, 13, 0],
        &[3, 8, 5, 0, 23, 0, 0, 0],
        &[4, 6, 0xff, 0, 0, 1],
        &[10, 12, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0],
        &[0x80, 4, 1, 2],
    ]
}

pub(crate) fn hpet() -> Vec<u8> {
    table_with(
        b"HPET",
        56,
        &[
            (36, &0x8086_a201_u32.to_le_bytes()),
            (40, &[0, 64, 0, 0, 0, 0, 0xd0, 0xfe, 0, 0, 0, 0]),
        ],
    )
}

pub(crate) fn facs() -> Vec<u8> {
    let mut facs = vec![1; 64];
    put(&mut facs, 0, b"FACS");
    put(&mut facs, 4, 64_u32.to_le_bytes());
    facs
}

/// A SPCR of revision 4 with the name of its device.
pub(crate) fn spcr() -> Vec<u8> {
    table_with(
        b"SPCR",
        96,
        &[
            (8, &[4]),
            (40, &[1, 8, 0, 1, 0xf8, 2, 0, 0, 0, 0, 0, 0]),
            (58, &[7]),
            (84, &[6, 0, 88, 0]),
            (88, b"COM_2\0"),
        ],
    )
}

pub(crate) fn mcfg() -> Vec<u8> {
    let space = [&0xb000_0000_u64.to_le_bytes()[..], &[0, 0, 0, 255, 0, 0, 0, 0]].concat();
    table(b"MCFG", &[&[0; 8][..], &space].concat())
}

fn slit() -> Vec<u8> {
    table(b"SLIT", &[2, 0, 0, 0, 0, 0, 0, 0, 10, 20, 20, 10])
}

/// Copies a machine's tables into `room`, and returns the notes too.
pub(crate) fn copied<'a>(memory: &FakeMemory, room: &'a mut Vec<u8>) -> (Option<CopiedTables<'a>>, Vec<AcpiNote>) {
    let mut notes = Vec::new();
    let tables = check(memory, Some(at(RSDP)), &mut |note| notes.push(note));
    let Some(tables) = tables else { return (None, notes) };
    room.resize(tables.size_bytes(), 0);
    let copied = tables.copy_into(memory, room, &mut |note| notes.push(note));
    (Some(copied), notes)
}

/// The notes of a machine, line by line.
pub(crate) fn lines(memory: &FakeMemory) -> Vec<String> {
    let (_, notes) = copied(memory, &mut Vec::new());
    notes.iter().map(ToString::to_string).collect()
}
