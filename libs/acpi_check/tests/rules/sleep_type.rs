//! Rules of the search for the sleep type that switches the machine off.

use super::machine::SOFT_OFF;
use super::support::table;
use acpi_check::SleepType;
use proptest::collection;
use proptest::prelude::{any, proptest};
use proptest::{prop_assert, sample};

/// The sleep type in a DSDT with this code.
fn find(code: &[u8]) -> Option<(u8, u8)> {
    let found = SleepType::find_soft_off(&table(b"DSDT", code));
    found.map(|found| (found.a, found.b))
}

/// The sleep type in `Name (_S5_, …)` with this package, length included.
fn find_package(package: &[u8]) -> Option<(u8, u8)> {
    find(&[b"\x08_S5_\x12", package].concat())
}

#[test]
fn finds_the_package_of_qemu() {
    let others = b"\x08_S3_\x12\x06\x04\x01\x01\x00\x00\x08_S4_\x12\x08\x04\x0a\x02\x0a\x02\x00\x00";
    assert_eq!(find(&[others, SOFT_OFF, b"\x5b\x82"].concat()), Some((0, 0)));
}

#[test]
fn finds_a_name_with_a_root_prefix() {
    assert_eq!(
        find(b"\x10\x08\x08\\_S5_\x12\x08\x04\x0a\x05\x0a\x06\x00\x00"),
        Some((5, 6))
    );
}

#[test]
fn reads_constants_of_every_width() {
    let cases: [&[u8]; 5] = [
        b"\x04\x02\x01\x00",
        b"\x06\x02\x0a\x01\x0a\x00",
        b"\x08\x02\x0b\x01\x00\x0b\x00\x00",
        b"\x0c\x02\x0c\x01\x00\x00\x00\x0c\x00\x00\x00\x00",
        b"\x14\x02\x0e\x01\x00\x00\x00\x00\x00\x00\x00\x0e\x00\x00\x00\x00\x00\x00\x00\x00",
    ];
    for package in cases {
        assert_eq!(find_package(package), Some((1, 0)), "{package:x?}");
    }
}

#[test]
fn reads_package_lengths_of_every_width() {
    for package in [
        &b"\x46\x00\x04\x01\x00\x00"[..],
        b"\x87\x00\x00\x04\x01\x00\x00",
        b"\xc8\x00\x00\x00\x04\x01\x00\x00",
    ] {
        assert_eq!(find_package(package), Some((1, 0)), "{package:x?}");
    }
    let large = [b"\x41\x02\x02\x0a\x06\x0a\x05".to_vec(), vec![0; 26]].concat();
    assert_eq!(find_package(&large), Some((6, 5)));
    assert_eq!(find_package(&large[..large.len() - 1]), None);
}

#[test]
fn refuses_types_larger_than_7() {
    for package in [
        &b"\x06\x04\x0a\x08\x00\x00\x00"[..],
        b"\x06\x04\x00\x0a\xff\x00\x00",
        b"\x08\x04\x0b\x05\x01\x00\x00\x00\x00",
        b"\x06\x04\xff\x00\x00\x00",
    ] {
        assert_eq!(find_package(package), None, "{package:x?}");
    }
}

#[test]
fn refuses_a_package_of_less_than_two_constants() {
    for package in [
        &b"\x04\x01\x01\x01"[..],
        b"\x02\x00",
        b"\x03\x02\x01",
        b"\x04\x02\x0a\x05",
        b"\x07\x04SLPA\x00",
        b"\x00\x02\x01\x01",
        b"\x01\x02\x01\x01",
        b"",
    ] {
        assert_eq!(find_package(package), None, "{package:x?}");
    }
}

#[test]
fn a_package_past_the_end_of_the_table_is_none() {
    for length in 0..SOFT_OFF.len() {
        assert_eq!(find(&SOFT_OFF[..length]), None);
    }
}

#[test]
fn other_occurrences_of_the_name_are_skipped() {
    // A string, a reference, a definition of something else than a package, another name.
    for code in [
        &b"\x0d_S5_\x12\x06\x04\x01\x01\x00\x00"[..],
        b"\x70\x00_S5_\x12\x06\x04\x01\x01\x00\x00",
        b"\x08_S5_\x0a\x05",
        b"\x08X_S5_\x12\x06\x04\x01\x01\x00\x00",
        b"\x08_S5X\x12\x06\x04\x01\x01\x00\x00",
    ] {
        assert_eq!(find(code), None, "{code:x?}");
        // The search continues after it.
        assert_eq!(find(&[code, SOFT_OFF].concat()), Some((0, 0)), "{code:x?}");
    }
}

#[test]
fn a_table_without_code_has_none() {
    assert_eq!(find(&[]), None);
    assert_eq!(SleepType::find_soft_off(&[]), None);
    assert_eq!(SleepType::find_soft_off(SOFT_OFF), None);
}

/// Bytes that occur in definitions of packages.
const LIKELY: &[u8] = b"\x08\\_S5\x12\x00\x01\x02\x06\x0a\x0b\x0c\x0e\x40\x80\xc0\xff";

proptest! {
    #[test]
    fn no_code_makes_it_panic_and_what_it_finds_has_3_bits(
        code in collection::vec(sample::select(LIKELY.to_vec()), 0..60),
        tail in collection::vec(any::<u8>(), 0..20),
    ) {
        let name = &SOFT_OFF[..6];
        for code in [&code, &[name, &code].concat(), &[name, &tail].concat()] {
            prop_assert!(find(code).is_none_or(|(a, b)| a < 8 && b < 8));
        }
    }
}
