//! Rules of what becomes of the MADT's entries in the copy.

use super::machine::{MADT, copied, lines, machine, madt, madt_entries};
use super::support::FakeMemory;
use acpi_check::Signature;

const PROCESSOR: &[u8] = &[0, 8, 1, 2, 1, 0, 0, 0];
const IO_APIC: &[u8] = &[1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0];

/// A machine with these entries.
fn with_entries(entries: &[&[u8]]) -> FakeMemory {
    let mut memory = machine();
    *memory.island(MADT) = madt(entries);
    memory
}

/// The entries that are left.
fn left(memory: &FakeMemory) -> Vec<u8> {
    let mut image = Vec::new();
    let (tables, _) = copied(memory, &mut image);
    let madt = tables.and_then(|tables| tables.find(Signature::MADT));
    madt.expect("there is a processor")[44..].to_vec()
}

#[test]
fn sound_entries_stay_as_they_are() {
    assert_eq!(left(&machine()), madt_entries().concat());
}

#[test]
fn entries_of_unknown_kinds_stay() {
    let entries = [&[0x11, 2][..], PROCESSOR, &[0xff, 3, 7]];
    let memory = with_entries(&entries);
    assert_eq!(left(&memory), entries.concat());
    assert_eq!(lines(&memory), [""; 0]);
}

#[test]
fn the_table_is_cut_where_an_entry_does_not_say_where_the_next_one_lies() {
    for (entry, line) in [
        (
            &[0, 0, 1, 1, 1, 0, 0, 0][..],
            "type 0 at offset 64: absurd length, 0 bytes",
        ),
        (&[5, 1, 0][..], "type 5 at offset 64: absurd length, 1 bytes"),
        (&[0xc0, 9, 0][..], "type 192 at offset 64: absurd length, 9 bytes"),
    ] {
        let memory = with_entries(&[PROCESSOR, IO_APIC, entry]);
        assert_eq!(left(&memory), [PROCESSOR, IO_APIC].concat());
        assert_eq!(lines(&memory), [format!("cut off: MADT entry of {line}")]);
    }
}

#[test]
fn a_single_byte_at_the_end_is_cut_off() {
    let memory = with_entries(&[PROCESSOR, &[9]]);
    assert_eq!(left(&memory), PROCESSOR);
    assert_eq!(lines(&memory).len(), 1);
}

#[test]
fn an_entry_that_says_nothing_sensible_is_left_out_and_the_rest_stays() {
    let cases: [(&[u8], &str); 13] = [
        (&[0, 7, 1, 2, 1, 0, 0], "7 bytes are too short, it needs 8"),
        (&[1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "no registers can lie at 0x0"),
        (
            &[1, 12, 0, 0, 2, 0, 0xc0, 0xfe, 0, 0, 0, 0],
            "no registers can lie at 0xfec00002",
        ),
        (&[2, 10, 1, 0, 2, 0, 0, 0, 0, 0], "there is no bus 1"),
        (&[2, 10, 0, 16, 2, 0, 0, 0, 0, 0], "the ISA bus has no interrupt 16"),
        (
            &[2, 10, 0, 0, 2, 0, 0, 0, 2, 0],
            "polarity and trigger mode 0x2 mean nothing",
        ),
        (
            &[2, 10, 0, 0, 2, 0, 0, 0, 8, 0],
            "polarity and trigger mode 0x8 mean nothing",
        ),
        (&[3, 8, 2, 0, 2, 0, 0, 0], "polarity and trigger mode 0x2 mean nothing"),
        (&[4, 6, 0xff, 0, 0, 2], "local APICs have no interrupt line 2"),
        (
            &[5, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0],
            "no registers can lie at 0x10000000000000",
        ),
        (&[5, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "no registers can lie at 0x0"),
        (
            &[6, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            "it belongs to another architecture",
        ),
        (
            &[0xa, 12, 0, 0, 1, 0, 0, 0, 0xff, 0, 0, 0],
            "local APICs have no interrupt line 255",
        ),
    ];
    for (entry, fault) in cases {
        let memory = with_entries(&[PROCESSOR, entry, IO_APIC]);
        assert_eq!(left(&memory), [PROCESSOR, IO_APIC].concat(), "{fault}");
        let expected = format!("MADT entry of type {} at offset 52: {fault}", entry[0]);
        assert_eq!(lines(&memory), [expected]);
    }
}

#[test]
fn entries_of_other_architectures_are_left_out() {
    for (kind, length) in [
        (6, 16),
        (7, 17),
        (8, 16),
        (0xb, 82),
        (0xc, 24),
        (0xd, 24),
        (0xe, 16),
        (0xf, 20),
    ] {
        let mut entry = vec![0; usize::from(length)];
        entry[..2].copy_from_slice(&[kind, length]);
        assert_eq!(left(&with_entries(&[&entry, PROCESSOR])), PROCESSOR);
    }
}

#[test]
fn a_local_nmi_with_flags_that_mean_nothing_stays() {
    let nmi = [4, 6, 0xff, 2, 0, 1];
    assert_eq!(left(&with_entries(&[PROCESSOR, &nmi])), [PROCESSOR, &nmi].concat());
}
