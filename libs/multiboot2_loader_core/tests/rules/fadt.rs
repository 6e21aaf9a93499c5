//! Rules of ACPI's FADT.

use super::memory_map::extent;
use super::support::FakeMemory;
use multiboot2_loader_core::acpi::fadt::century_register;
use multiboot2_loader_core::acpi::tables::{Checksum, Table};

const FADT: Table = Table {
    signature: *b"FACP",
    extent: extent(0x5001, 0x5001 + 244),
    checksum: Checksum::Right,
};

/// A FADT that says 0x32 at offset 108.
fn memory() -> FakeMemory {
    let mut bytes = vec![0xff; 244];
    bytes[108] = 0x32;
    FakeMemory::default().with(0x5001, bytes)
}

#[test]
fn the_century_register_stands_at_offset_108() {
    assert_eq!(century_register(&memory(), &FADT), Some(0x32));
}

#[test]
fn there_is_no_century_register_in_a_short_or_damaged_fadt_or_where_it_is_zero() {
    assert_eq!(
        century_register(
            &memory(),
            &Table {
                extent: extent(0x5001, 0x5001 + 108),
                ..FADT
            }
        ),
        None
    );
    assert_eq!(
        century_register(
            &memory(),
            &Table {
                checksum: Checksum::Wrong,
                ..FADT
            }
        ),
        None
    );
    assert_eq!(
        century_register(&FakeMemory::default().with(0x5001, vec![0; 244]), &FADT),
        None
    );
    assert_eq!(century_register(&FakeMemory::default(), &FADT), None);
}
