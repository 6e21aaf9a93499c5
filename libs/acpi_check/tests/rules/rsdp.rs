//! Rules of ACPI's root pointer.

use super::support::{FakeMemory, at, fix_checksum, put, rsdp_1, rsdp_2};
use acpi_check::{Rsdp, RsdpError};

/// The error for these bytes.
fn error(bytes: Vec<u8>) -> Option<RsdpError> {
    Rsdp::check(&FakeMemory::default().with(0x1000, bytes), at(0x1000)).err()
}

#[test]
fn the_first_version_has_a_list_with_32_bits_only() {
    let memory = FakeMemory::default().with(0x1001, rsdp_1(0x2000));
    let expected = Rsdp {
        address: at(0x1001),
        length_bytes: 20,
        rsdt: Some(at(0x2000)),
        xsdt: None,
    };
    assert_eq!(Rsdp::check(&memory, at(0x1001)), Ok(expected));
}

#[test]
fn the_second_version_has_a_list_with_64_bits() {
    let memory = FakeMemory::default().with(0x1001, rsdp_2(0x2000, 0x1_0000_3000));
    let expected = Rsdp {
        address: at(0x1001),
        length_bytes: 36,
        rsdt: Some(at(0x2000)),
        xsdt: Some(at(0x1_0000_3000)),
    };
    assert_eq!(Rsdp::check(&memory, at(0x1001)), Ok(expected));
}

#[test]
fn rejects_a_root_pointer_whose_first_checksum_is_wrong() {
    let mut bytes = rsdp_2(1, 2);
    bytes[8] ^= 1;
    // The second checksum is right: only the first shows the fault.
    fix_checksum(&mut bytes, 32);
    assert_eq!(error(bytes), Some(RsdpError::Checksum { address: at(0x1000) }));
}

#[test]
fn rejects_a_root_pointer_whose_second_checksum_is_wrong() {
    let mut bytes = rsdp_2(1, 2);
    bytes[24] ^= 1;
    assert_eq!(error(bytes), Some(RsdpError::Checksum { address: at(0x1000) }));
}

#[test]
fn rejects_a_root_pointer_of_another_length() {
    for length_bytes in [0, 20, 35, 37, u32::MAX] {
        let mut bytes = rsdp_2(1, 2);
        put(&mut bytes, 20, length_bytes.to_le_bytes());
        fix_checksum(&mut bytes, 32);
        let address = at(0x1000);
        assert_eq!(error(bytes), Some(RsdpError::Length { address, length_bytes }));
    }
}

#[test]
fn rejects_bytes_that_are_no_root_pointer() {
    assert_eq!(error(vec![0; 36]), Some(RsdpError::Signature { address: at(0x1000) }));
    assert_eq!(error(rsdp_2(0, 0)), Some(RsdpError::NoTables { address: at(0x1000) }));
    assert!(matches!(
        error(rsdp_2(1, 2)[..30].to_vec()),
        Some(RsdpError::OutOfReach(_))
    ));
    assert!(matches!(error(vec![]), Some(RsdpError::OutOfReach(_))));
}
