//! Rules of ACPI's list of DMA remapping units.

use super::acpi::{at, table};
use super::support::FakeMemory;
use acpi_check::{AllegedAddress, Checksum, Signature, Table};
use multiboot2_loader_core::acpi::dmar::{DmarError, remapping_units};
use multiboot2_loader_core::address::PhysAddr;
use proptest::collection;
use proptest::prelude::{any, proptest};

/// The units of a DMAR table with these structures.
fn units(structures: &[&[u8]]) -> Result<Vec<PhysAddr>, DmarError> {
    let bytes = table(b"DMAR", &[&[0; 12][..], &structures.concat()].concat());
    let found = Table {
        signature: Signature::DMAR,
        address: AllegedAddress::new(0x5001),
        length_bytes: u32::try_from(bytes.len()).expect("short"),
        checksum: Checksum::Right,
    };
    remapping_units(&FakeMemory::default().with(0x5001, bytes), &found).map(|units| units.to_vec())
}

/// A remapping unit (type 0) with a device scope of 8 bytes behind its fields.
fn unit(address: u64) -> Vec<u8> {
    [
        &[0, 0, 24, 0, 1, 0, 0, 0][..],
        &address.to_le_bytes(),
        &[1, 8, 0, 0, 0, 0, 0, 0],
    ]
    .concat()
}

#[test]
fn lists_the_units_among_other_structures() {
    let other = [1, 0, 6, 0, 9, 9];
    assert_eq!(
        units(&[&unit(0xfed9_0000), &other, &unit(0x12_fed9_1000)]),
        Ok(vec![at(0xfed9_0000), at(0x12_fed9_1000)])
    );
    assert_eq!(units(&[]), Ok(vec![]));
}

#[test]
fn rejects_a_structure_of_length_zero_instead_of_looping() {
    let error = DmarError::StructureLength {
        kind: 5,
        length_bytes: 0,
        offset: 48,
    };
    assert_eq!(units(&[&[5, 0, 0, 0]]), Err(error));
}

#[test]
fn rejects_structures_too_short_or_past_the_end() {
    let short = [&[0, 0, 15, 0][..], &[0; 11]].concat();
    assert_eq!(
        units(&[&short]),
        Err(DmarError::StructureLength {
            kind: 0,
            length_bytes: 15,
            offset: 48
        })
    );
    assert_eq!(
        units(&[&[1, 0, 5, 0]]),
        Err(DmarError::StructureLength {
            kind: 1,
            length_bytes: 5,
            offset: 48
        })
    );
}

#[test]
fn rejects_a_table_that_does_not_add_up() {
    let found = Table {
        signature: Signature::DMAR,
        address: AllegedAddress::new(0x5000),
        length_bytes: 0x100,
        checksum: Checksum::Wrong,
    };
    assert_eq!(
        remapping_units(&FakeMemory::default(), &found),
        Err(DmarError::Checksum)
    );
}

#[test]
fn units_that_find_no_room_are_left_out() {
    let many = vec![unit(1); 40].concat();
    assert_eq!(units(&[&many]).map(|units| units.len()), Ok(32));
}

proptest! {
    #[test]
    fn no_structures_make_the_walk_panic_or_hang(bytes in collection::vec(any::<u8>(), 0..200)) {
        _ = units(&[&bytes]);
    }
}
