//! Rules of the loader's lists of processors and interrupt controllers. Those of the walk are with `acpi_check`.

use super::acpi::table;
use super::support::{FakeMemory, put};
use acpi_check::{
    AllegedAddress, Checksum, EntryError, GlobalSystemInterrupt, IoApic, LineFlags, LocalNmi, NmiTarget, Processor,
    Signature, Table,
};
use multiboot2_loader_core::acpi::madt::{Madt, MadtError, read};
use proptest::collection;
use proptest::prelude::{any, proptest};

/// The table of these bytes, which lie at an odd address.
fn found(bytes: &[u8], checksum: Checksum) -> Table {
    Table {
        signature: Signature::MADT,
        address: AllegedAddress::new(0x5001),
        length_bytes: u32::try_from(bytes.len()).expect("short"),
        checksum,
    }
}

/// A MADT with these entries.
fn madt(entries: &[&[u8]]) -> Result<Madt, MadtError> {
    let bytes = table(b"APIC", &[&[0; 8][..], &entries.concat()].concat());
    let found = found(&bytes, Checksum::Right);
    read(&FakeMemory::default().with(0x5001, bytes), &found)
}

/// An entry whose length leads nowhere.
fn too_long_or_empty(kind: u8, length_bytes: u8) -> MadtError {
    MadtError::Entry(EntryError::Length {
        kind,
        length_bytes,
        offset: 44,
    })
}

fn x2apic(processor_id: u32, local_apic_id: u32, flags: u32) -> Vec<u8> {
    [
        &[9, 16, 0, 0][..],
        &local_apic_id.to_le_bytes(),
        &flags.to_le_bytes(),
        &processor_id.to_le_bytes(),
    ]
    .concat()
}

#[test]
fn lists_the_enabled_processors_of_both_types() {
    let madt = madt(&[
        &[0, 8, 1, 2, 1, 0, 0, 0],
        &[0, 8, 3, 4, 2, 0, 0, 0],
        &x2apic(300, 301, 3),
        &x2apic(302, 303, 2),
    ])
    .expect("all is well");
    let expected = [
        Processor {
            processor_id: 1,
            local_apic_id: 2,
        },
        Processor {
            processor_id: 300,
            local_apic_id: 301,
        },
    ];
    assert_eq!(madt.processors[..], expected);
}

#[test]
fn lists_a_processor_once_that_stands_there_twice() {
    let madt = madt(&[&[0, 8, 1, 2, 1, 0, 0, 0], &x2apic(1, 2, 1)]).expect("all is well");
    assert_eq!(madt.processors.len(), 1);
}

#[test]
fn lists_nmi_lines_and_io_apics() {
    let madt = madt(&[
        &[4, 6, 0xff, 5, 0, 1],
        &[4, 6, 7, 0, 0, 0],
        &[10, 12, 13, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0],
        &[10, 12, 0, 0, 8, 1, 0, 0, 0, 0, 0, 0],
        &[1, 12, 9, 0, 0, 0, 0xc0, 0xfe, 24, 0, 0, 0],
    ]);
    let madt = madt.expect("all is well");
    let expected = [
        LocalNmi {
            target: NmiTarget::AllProcessors,
            line: 1,
            flags: LineFlags::new(5),
        },
        LocalNmi {
            target: NmiTarget::Processor(7),
            line: 0,
            flags: LineFlags::new(0),
        },
        LocalNmi {
            target: NmiTarget::AllProcessors,
            line: 1,
            flags: LineFlags::new(13),
        },
        LocalNmi {
            target: NmiTarget::Processor(0x108),
            line: 0,
            flags: LineFlags::new(0),
        },
    ];
    assert_eq!(madt.local_nmis[..], expected);
    assert_eq!(
        madt.io_apics[..],
        [IoApic {
            id: 9,
            address: x86_64::PhysAddr::new(0xfec0_0000),
            first_interrupt: GlobalSystemInterrupt(24)
        }]
    );
}

#[test]
fn passes_over_entries_of_other_types() {
    assert_eq!(
        madt(&[&[2, 10, 0, 0, 0, 0, 0, 0, 0, 0], &[200, 2], &x2apic(1, 2, 1)]).map(|madt| madt.processors.len()),
        Ok(1)
    );
}

#[test]
fn skips_entries_with_an_invalid_field() {
    let io_apic = [1, 12, 9, 0, 2, 0, 0xc0, 0xfe, 24, 0, 0, 0];
    let madt = madt(&[&[4, 6, 0xff, 5, 0, 2], &io_apic, &x2apic(1, 2, 1)]).expect("all is well");
    assert_eq!(
        (madt.local_nmis.len(), madt.io_apics.len(), madt.processors.len()),
        (0, 0, 1)
    );
}

#[test]
fn rejects_an_entry_of_length_zero_instead_of_looping() {
    assert_eq!(madt(&[&[0, 0, 1, 2, 1, 0, 0, 0]]).err(), Some(too_long_or_empty(0, 0)));
    assert_eq!(madt(&[&[77, 1]]).err(), Some(too_long_or_empty(77, 1)));
}

#[test]
fn rejects_entries_shorter_than_their_type_or_past_the_end() {
    for (kind, needed) in [(0, 8), (1, 12), (4, 6), (9, 16), (10, 12)] {
        let mut entry = vec![0; usize::from(needed) - 1];
        put(&mut entry, 0, [kind, needed - 1]);
        assert_eq!(
            madt(&[&entry]).err(),
            Some(MadtError::Entry(EntryError::TooShort {
                kind,
                length_bytes: needed - 1,
                needed_bytes: needed,
                offset: 44
            }))
        );
    }
    assert_eq!(madt(&[&[0, 9, 1, 2, 1, 0, 0, 0]]).err(), Some(too_long_or_empty(0, 9)));
}

#[test]
fn rejects_a_madt_that_does_not_add_up() {
    let found = found(&[0; 44], Checksum::Wrong);
    assert_eq!(read(&FakeMemory::default(), &found).err(), Some(MadtError::Checksum));
}

#[test]
fn counts_the_processors_that_find_no_room() {
    let entries: Vec<u8> = (0..1030).flat_map(|index| x2apic(index, index, 1)).collect();
    let madt = madt(&[&entries]).expect("all is well");
    assert_eq!((madt.processors.len(), madt.processors_left_out), (1024, 6));
}

proptest! {
    #[test]
    fn no_entries_make_the_walk_panic_or_hang(bytes in collection::vec(any::<u8>(), 0..200)) {
        _ = madt(&[&bytes]);
    }

    #[test]
    fn no_plausible_entries_make_the_walk_panic(entries in collection::vec((0..12_u8, 0..20_u8, any::<[u8; 18]>()), 0..12)) {
        let entries: Vec<Vec<u8>> = entries
            .into_iter()
            .map(|(kind, length, rest)| [&[kind, length][..], &rest[..usize::from(length).saturating_sub(2).min(18)]].concat())
            .collect();
        _ = madt(&entries.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
}
