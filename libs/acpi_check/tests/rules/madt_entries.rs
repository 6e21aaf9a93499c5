//! Rules of the walk along the MADT.

use super::machine::{madt, madt_entries};
use super::support::{FakeMemory, at, put};
use acpi_check::{
    Checksum, EntryError, EntryKind, GlobalSystemInterrupt, IoApic, LineFlags, LocalNmi, MadtEntries, NmiSource,
    NmiTarget, Processor, Signature, SourceOverride, Table,
};
use proptest::collection;
use proptest::prelude::{any, proptest};
use proptest::prop_assert;
use x86_64::PhysAddr;

/// What the entries say, and the first thing that is wrong.
fn kinds(entries: &[&[u8]]) -> Result<Vec<EntryKind>, EntryError> {
    let table = madt(entries);
    let entries = MadtEntries::in_bytes(&table);
    entries.map(|entry| entry.map(|entry| entry.kind)).collect()
}

const fn processor(processor_id: u32, local_apic_id: u32, is_enabled: bool) -> EntryKind {
    EntryKind::Processor {
        processor: Processor {
            processor_id,
            local_apic_id,
        },
        is_enabled,
    }
}

const fn local_nmi(target: NmiTarget, line: u8, flags: u16) -> EntryKind {
    EntryKind::LocalNmi(LocalNmi {
        target,
        line,
        flags: LineFlags::new(flags),
    })
}

#[test]
fn reads_processors_of_both_types() {
    let x2apic = [9, 16, 0, 0, 0x2d, 1, 0, 0, 3, 0, 0, 0, 0x2c, 1, 0, 0];
    let expected = [processor(1, 2, true), processor(3, 4, false), processor(300, 301, true)];
    let kinds = kinds(&[&[0, 8, 1, 2, 1, 0, 0, 0], &[0, 8, 3, 4, 2, 0, 0, 0], &x2apic]);
    assert_eq!(kinds, Ok(expected.to_vec()));
}

#[test]
fn reads_io_apics_overrides_and_nmis() {
    let kinds = kinds(&[
        &[1, 12, 9, 0, 0, 0, 0xc0, 0xfe, 24, 0, 0, 0],
        &[2, 10, 0, 9, 20, 0, 0, 0, 13, 0],
        &[3, 8, 5, 0, 23, 1, 0, 0],
        &[4, 6, 0xff, 5, 0, 1],
        &[4, 6, 7, 0, 0, 0],
        &[5, 12, 0, 0, 0, 0, 0xe0, 0xfe, 1, 0, 0, 0],
        &[10, 12, 13, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0],
        &[10, 12, 0, 0, 8, 1, 0, 0, 0, 0, 0, 0],
    ]);
    let expected = [
        EntryKind::IoApic(IoApic {
            id: 9,
            address: PhysAddr::new(0xfec0_0000),
            first_interrupt: GlobalSystemInterrupt(24),
        }),
        EntryKind::SourceOverride(SourceOverride {
            bus: 0,
            irq: 9,
            interrupt: GlobalSystemInterrupt(20),
            flags: LineFlags::new(13),
        }),
        EntryKind::NmiSource(NmiSource {
            interrupt: GlobalSystemInterrupt(0x117),
            flags: LineFlags::new(5),
        }),
        local_nmi(NmiTarget::AllProcessors, 1, 5),
        local_nmi(NmiTarget::Processor(7), 0, 0),
        EntryKind::LocalApicAddress(at(0x1_fee0_0000)),
        local_nmi(NmiTarget::AllProcessors, 1, 13),
        local_nmi(NmiTarget::Processor(0x108), 0, 0),
    ];
    assert_eq!(kinds, Ok(expected.to_vec()));
}

#[test]
fn passes_over_entries_of_unknown_types() {
    let kinds = kinds(&[&[200, 2], &[0x11, 5, 0, 0, 0], &[0, 8, 1, 2, 1, 0, 0, 0]]);
    assert_eq!(
        kinds,
        Ok(vec![EntryKind::Other, EntryKind::Other, processor(1, 2, true)])
    );
}

#[test]
fn a_table_in_memory_may_lie_anywhere() {
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
    let needed = [8, 12, 10, 8, 6, 12, 16, 17, 16, 16, 12, 82, 24, 24, 16, 20, 16];
    for (kind, needed_bytes) in (0_u8..).zip(needed) {
        let mut entry = vec![0; usize::from(needed_bytes) - 1];
        put(&mut entry, 0, [kind, needed_bytes - 1]);
        let table = madt(&[&entry, &[0, 8, 1, 2, 1, 0, 0, 0]]);
        let mut entries = MadtEntries::in_bytes(&table);
        let expected = EntryError::TooShort {
            kind,
            length_bytes: needed_bytes - 1,
            needed_bytes,
            offset: 44,
        };
        assert_eq!(entries.next(), Some(Err(expected)));
        let second = entries.next().and_then(Result::ok).map(|entry| entry.kind);
        assert_eq!(second, Some(processor(1, 2, true)));
    }
}

#[test]
fn a_madt_without_entries_or_too_short_for_any_has_none() {
    assert_eq!(kinds(&[]), Ok(vec![]));
    assert_eq!(kinds(&[&[0]]), Ok(vec![]));
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
