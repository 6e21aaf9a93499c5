//! Rules of reading the MADT's entries.

use super::machine::{madt, madt_entries};
use super::support::{FakeMemory, at, put};
use acpi_check::{
    Checksum, EntryError, GlobalSystemInterrupt, InterruptLine, IoApic, IsaRoute, LineFlags, LocalNmi, MadtEntries,
    MadtEntry, NmiTarget, Polarity, Processor, Signature, Table, Trigger,
};
use proptest::collection;
use proptest::prelude::{any, proptest};
use proptest::prop_assert;
use x86_64::PhysAddr;

const PROCESSOR: &[u8] = &[0, 8, 1, 2, 1, 0, 0, 0];

/// The entries, or the first error.
fn read(entries: &[&[u8]]) -> Result<Vec<MadtEntry>, EntryError> {
    MadtEntries::in_bytes(&madt(entries)).collect()
}

const fn processor(processor_id: u32, local_apic_id: u32, is_enabled: bool) -> MadtEntry {
    MadtEntry::Processor {
        processor: Processor {
            processor_id,
            local_apic_id,
        },
        is_enabled,
    }
}

const fn local_nmi(target: NmiTarget, line: u8, flags: u16) -> MadtEntry {
    MadtEntry::LocalNmi(LocalNmi {
        target,
        line,
        flags: LineFlags::new(flags),
    })
}

#[test]
fn reads_processors_of_both_types() {
    let x2apic = [9, 16, 0, 0, 0x2d, 1, 0, 0, 3, 0, 0, 0, 0x2c, 1, 0, 0];
    let expected = [processor(1, 2, true), processor(3, 4, false), processor(300, 301, true)];
    let entries = read(&[&[0, 8, 1, 2, 1, 0, 0, 0], &[0, 8, 3, 4, 2, 0, 0, 0], &x2apic]);
    assert_eq!(entries, Ok(expected.to_vec()));
}

#[test]
fn reads_io_apics_overrides_and_nmis() {
    let entries = read(&[
        &[1, 12, 9, 0, 0, 0, 0xc0, 0xfe, 24, 0, 0, 0],
        &[2, 10, 0, 9, 20, 0, 0, 0, 13, 0],
        &[4, 6, 0xff, 5, 0, 1],
        &[4, 6, 7, 0, 0, 0],
        &[10, 12, 13, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0],
        &[10, 12, 0, 0, 8, 1, 0, 0, 0, 0, 0, 0],
    ]);
    let expected = [
        MadtEntry::IoApic(IoApic {
            id: 9,
            address: PhysAddr::new(0xfec0_0000),
            first_interrupt: GlobalSystemInterrupt(24),
        }),
        MadtEntry::SourceOverride {
            irq: 9,
            route: IsaRoute {
                interrupt: GlobalSystemInterrupt(20),
                line: InterruptLine {
                    polarity: Polarity::ActiveHigh,
                    trigger: Trigger::Level,
                },
            },
        },
        local_nmi(NmiTarget::AllProcessors, 1, 5),
        local_nmi(NmiTarget::Processor(7), 0, 0),
        local_nmi(NmiTarget::AllProcessors, 1, 13),
        local_nmi(NmiTarget::Processor(0x108), 0, 0),
    ];
    assert_eq!(entries, Ok(expected.to_vec()));
}

#[test]
fn reads_entries_of_other_types_as_other() {
    // Unknown ones, an NMI source, and a processor of another architecture.
    let entries = read(&[&[200, 2], &[0x11, 5, 0, 0, 0], &[3, 2], &[7, 3, 0], PROCESSOR]);
    let other = MadtEntry::Other;
    assert_eq!(entries, Ok(vec![other, other, other, other, processor(1, 2, true)]));
}

#[test]
fn a_table_in_memory_may_be_at_any_address() {
    let bytes = madt(&madt_entries());
    let table = Table {
        signature: Signature::MADT,
        address: at(0x5001),
        length_bytes: u32::try_from(bytes.len()).expect("short"),
        checksum: Checksum::Right,
    };
    let memory = FakeMemory::default().with(0x5001, bytes);
    assert_eq!(MadtEntries::in_memory(&memory, &table).flatten().count(), 9);
    let elsewhere = Table {
        address: at(0x9001),
        ..table
    };
    let mut entries = MadtEntries::in_memory(&memory, &elsewhere);
    assert!(matches!(entries.next(), Some(Err(EntryError::OutOfReach { .. }))));
    assert_eq!(entries.next(), None);
}

#[test]
fn ends_at_an_entry_of_length_zero_instead_of_looping() {
    for (kind, length_bytes) in [(0, 0), (77, 1)] {
        let table = madt(&[&[kind, length_bytes, 1, 2, 1, 0, 0, 0]]);
        let mut entries = MadtEntries::in_bytes(&table);
        let expected = EntryError::Length {
            kind,
            length_bytes,
            offset: 44,
        };
        assert_eq!(entries.next(), Some(Err(expected)));
        assert_eq!(entries.next(), None);
    }
}

#[test]
fn ends_at_an_entry_past_the_end_of_the_table() {
    let table = madt(&[&[0, 9, 1, 2, 1, 0, 0, 0]]);
    let expected = EntryError::Length {
        kind: 0,
        length_bytes: 9,
        offset: 44,
    };
    assert_eq!(MadtEntries::in_bytes(&table).next(), Some(Err(expected)));
}

#[test]
fn an_entry_shorter_than_its_type_is_an_error_and_the_walk_goes_on() {
    for (kind, needed_bytes) in [(0, 8), (1, 12), (2, 10), (4, 6), (9, 16), (0xa, 12)] {
        let mut entry = vec![0; usize::from(needed_bytes) - 1];
        put(&mut entry, 0, [kind, needed_bytes - 1]);
        let table = madt(&[&entry, PROCESSOR]);
        let mut entries = MadtEntries::in_bytes(&table);
        let expected = EntryError::TooShort {
            kind,
            length_bytes: needed_bytes - 1,
            needed_bytes,
            offset: 44,
        };
        assert_eq!(entries.next(), Some(Err(expected)));
        assert_eq!(entries.next(), Some(Ok(processor(1, 2, true))));
    }
}

#[test]
fn a_single_byte_at_the_end_is_an_error() {
    let table = madt(&[PROCESSOR, &[9]]);
    let mut entries = MadtEntries::in_bytes(&table);
    assert_eq!(entries.next(), Some(Ok(processor(1, 2, true))));
    let expected = EntryError::Length {
        kind: 9,
        length_bytes: 0,
        offset: 52,
    };
    assert_eq!(entries.next(), Some(Err(expected)));
    assert_eq!(entries.next(), None);
}

#[test]
fn an_entry_with_an_invalid_field_is_an_error_and_the_walk_goes_on() {
    let cases: [(&[u8], &str); 9] = [
        (&[1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "no registers can lie at 0x0"),
        (
            &[1, 12, 0, 0, 2, 0, 0xc0, 0xfe, 0, 0, 0, 0],
            "no registers can lie at 0xfec00002",
        ),
        (&[2, 10, 1, 0, 2, 0, 0, 0, 0, 0], "there is no bus 1"),
        (&[2, 10, 0, 16, 2, 0, 0, 0, 0, 0], "the ISA bus has no interrupt 16"),
        (
            &[2, 10, 0, 0, 2, 0, 0, 0, 2, 0],
            "polarity and trigger mode 0x2 are reserved values",
        ),
        (
            &[2, 10, 0, 0, 2, 0, 0, 0, 8, 0],
            "polarity and trigger mode 0x8 are reserved values",
        ),
        (&[4, 6, 0xff, 0, 0, 2], "local APICs have no interrupt line 2"),
        (&[4, 6, 0xff, 0, 0, 0xff], "local APICs have no interrupt line 255"),
        (
            &[0xa, 12, 0, 0, 1, 0, 0, 0, 0xff, 0, 0, 0],
            "local APICs have no interrupt line 255",
        ),
    ];
    for (entry, fault) in cases {
        let table = madt(&[PROCESSOR, entry, PROCESSOR]);
        let outcomes: Vec<_> = MadtEntries::in_bytes(&table)
            .map(|entry| entry.map_err(|error| error.to_string()))
            .collect();
        let expected = format!("MADT entry of type {} at offset 52: {fault}", entry[0]);
        let sound = processor(1, 2, true);
        assert_eq!(outcomes, [Ok(sound), Err(expected), Ok(sound)]);
    }
}

#[test]
fn a_local_nmi_with_reserved_flags_is_valid() {
    let expected = local_nmi(NmiTarget::AllProcessors, 1, 2);
    assert_eq!(read(&[&[4, 6, 0xff, 2, 0, 1]]), Ok(vec![expected]));
}

#[test]
fn a_madt_without_entries_or_too_short_for_any_has_none() {
    assert_eq!(read(&[]), Ok(vec![]));
    assert_eq!(MadtEntries::in_bytes(&[]).next(), None);
    assert_eq!(MadtEntries::in_bytes(&[0; 44]).next(), None);
}

proptest! {
    #[test]
    fn no_entries_make_the_walk_panic_or_hang(bytes in collection::vec(any::<u8>(), 0..200)) {
        let table = madt(&[&bytes]);
        prop_assert!(MadtEntries::in_bytes(&table).count() <= bytes.len());
        prop_assert!(MadtEntries::in_bytes(&bytes).count() <= bytes.len());
    }
}
