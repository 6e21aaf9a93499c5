//! Rules of the high-precision event timer's table.

use super::machine::hpet;
use super::support::put;
use acpi_check::{AddressSpace, Hpet, HpetError};
use x86_64::PhysAddr;

/// The table with this address.
fn with_address(space: u8, address: u64) -> Result<Hpet, HpetError> {
    let mut bytes = hpet();
    put(&mut bytes, 40, [space]);
    put(&mut bytes, 44, address.to_le_bytes());
    Hpet::from_table(&bytes)
}

#[test]
fn the_registers_lie_in_memory() {
    let registers = PhysAddr::new(0xfed0_0000);
    assert_eq!(Hpet::from_table(&hpet()), Ok(Hpet { registers }));
    let space = AddressSpace::IO_PORTS;
    assert_eq!(with_address(1, 0xfed0_0000), Err(HpetError::NotMemory { space }));
}

#[test]
fn rejects_addresses_where_no_registers_can_lie() {
    for address in [0, 4, 0xfed0_0001, 1 << 52, u64::MAX] {
        assert!(
            matches!(with_address(0, address), Err(HpetError::Address { .. })),
            "{address:#x}"
        );
    }
}

#[test]
fn rejects_a_table_without_room_for_the_address() {
    assert_eq!(
        Hpet::from_table(&hpet()[..51]),
        Err(HpetError::TooShort { length_bytes: 51 })
    );
    assert!(Hpet::from_table(&[]).is_err());
}
