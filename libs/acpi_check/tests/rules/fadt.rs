//! Rules of reading the FADT.

use super::machine::fadt;
use super::support::{FakeMemory, at, put};
use acpi_check::{
    AcpiModeCommand, AllegedAddress, Checksum, Fadt, IoPort, KeyboardController, OutOfReach, Pm1Control, PmTimer,
    PmTimerWidth, ResetPlace, ResetRegister, Signature, Table,
};
use x86_64::PhysAddr;

/// Reads these bytes as a FADT.
fn read(bytes: Vec<u8>) -> Fadt {
    let table = Table {
        signature: Signature::FADT,
        address: at(0x5001),
        length_bytes: u32::try_from(bytes.len()).expect("short"),
        checksum: Checksum::Right,
    };
    Fadt::read(&FakeMemory::default().with(0x5001, bytes), &table).expect("it is there")
}

/// A q35's FADT with other bytes at an offset.
fn with(offset: usize, field: impl AsRef<[u8]>) -> Fadt {
    let mut bytes = fadt();
    put(&mut bytes, offset, field);
    read(bytes)
}

/// A q35's FADT cut to this length.
fn cut(length_bytes: usize) -> Fadt {
    read(fadt()[..length_bytes].to_vec())
}

/// A register's address.
fn address(space: u8, address: u64) -> Vec<u8> {
    [&[space, 8, 0, 0][..], &address.to_le_bytes()].concat()
}

#[test]
fn a_fadt_that_cannot_be_read_is_an_error() {
    let table = Table {
        signature: Signature::FADT,
        address: at(0x5001),
        length_bytes: 244,
        checksum: Checksum::Right,
    };
    let error = Fadt::read(&FakeMemory::default(), &table);
    assert!(matches!(error, Err(OutOfReach { length_bytes: 244, .. })));
}

#[test]
fn a_field_not_completely_inside_the_table_reads_as_zero() {
    let addresses = |fadt: Fadt| {
        fadt.facs()
            .into_iter()
            .chain(fadt.dsdt())
            .map(AllegedAddress::as_u64)
            .collect::<Vec<_>>()
    };
    assert_eq!(addresses(cut(148)), [0, 0x7000, 0x8005, 0x8005]);
    assert_eq!(addresses(cut(147)), [0, 0x7000, 0, 0x8005]);
    assert_eq!(addresses(cut(43)), [0, 0x7000, 0, 0]);
    assert_eq!(addresses(cut(36)), [0; 4]);
    // Half of a register's address.
    let narrow = [0, 0, 0, 0];
    let mut bytes = fadt();
    put(&mut bytes, 64, narrow);
    assert_eq!(read(bytes[..183].to_vec()).pm1_control(), Ok(None));
    assert!(
        read(bytes[..184].to_vec())
            .pm1_control()
            .is_ok_and(|control| control.is_some())
    );
}

#[test]
fn the_century_register_is_read_from_offset_108() {
    assert_eq!(read(fadt()).century_register(), Some(0x32));
    assert_eq!(with(108, [0]).century_register(), None);
    assert_eq!(cut(108).century_register(), None);
}

#[test]
fn the_pm1_control_registers_are_read_from_either_field() {
    let expected = Ok(Some(Pm1Control {
        a: IoPort(0x604),
        b: None,
    }));
    assert_eq!(read(fadt()).pm1_control(), expected);
    assert_eq!(cut(116).pm1_control(), expected);
    assert_eq!(with(64, [0; 4]).pm1_control(), expected);
    assert_eq!(with(172, [0; 12]).pm1_control(), expected);
    let both = with(68, 0x704_u32.to_le_bytes()).pm1_control();
    let expected = Pm1Control {
        a: IoPort(0x604),
        b: Some(IoPort(0x704)),
    };
    assert_eq!(both, Ok(Some(expected)));
}

#[test]
fn the_newer_field_is_preferred_unless_it_is_invalid() {
    let a = |fadt: Fadt| fadt.pm1_control().ok().flatten().map(|control| control.a.0);
    assert_eq!(a(with(172, address(1, 0x804))), Some(0x804));
    assert_eq!(a(with(172, address(0, 0x804))), Some(0x604));
    assert_eq!(a(with(172, address(1, 0x1_0000))), Some(0x604));
    assert_eq!(a(with(172, address(1, 0xffff))), Some(0x604));
}

#[test]
fn control_registers_outside_of_the_port_space_are_an_error() {
    let mut bytes = fadt();
    put(&mut bytes, 64, [0; 4]);
    put(&mut bytes, 172, address(0, 0xfed0_0000));
    let error = read(bytes.clone()).pm1_control().map_err(|error| error.to_string());
    assert_eq!(
        error,
        Err("the FADT puts PM1a_CNT_BLK into memory, not the I/O ports".to_owned())
    );
    put(&mut bytes, 172, address(1, 0x1_2345));
    let error = read(bytes).pm1_control().map_err(|error| error.to_string());
    assert_eq!(
        error,
        Err("the FADT puts PM1a_CNT_BLK at 0x12345, where there are no such I/O ports".to_owned())
    );
}

#[test]
fn a_machine_without_fixed_registers_has_none() {
    let fadt = with(112, (1_u32 << 20).to_le_bytes());
    assert_eq!(fadt.pm1_control(), Ok(None));
    assert_eq!(fadt.pm_timer(), Ok(None));
    assert_eq!(fadt.acpi_mode_command(), None);
}

#[test]
fn acpi_mode_is_entered_by_a_command_if_the_table_has_one() {
    let expected = AcpiModeCommand {
        port: IoPort(0xb2),
        enable: 2,
        disable: 3,
    };
    assert_eq!(read(fadt()).acpi_mode_command(), Some(expected));
    assert_eq!(with(52, [0]).acpi_mode_command(), None);
    assert_eq!(with(48, [0; 4]).acpi_mode_command(), None);
    assert_eq!(with(48, 0x1_0000_u32.to_le_bytes()).acpi_mode_command(), None);
}

#[test]
fn the_timer_has_24_bits_unless_a_flag_says_32() {
    let port = IoPort(0x608);
    let narrow = PmTimer {
        port,
        width: PmTimerWidth::Bits24,
    };
    let wide = PmTimer {
        port,
        width: PmTimerWidth::Bits32,
    };
    assert_eq!(with(112, [0; 4]).pm_timer(), Ok(Some(narrow)));
    assert_eq!(with(112, 0x100_u32.to_le_bytes()).pm_timer(), Ok(Some(wide)));
}

#[test]
fn a_timer_of_another_length_is_none() {
    assert_eq!(with(91, [0]).pm_timer(), Ok(None));
    assert_eq!(with(91, [3]).pm_timer(), Ok(None));
}

#[test]
fn the_keyboard_controller_is_unknown_to_the_first_version() {
    assert_eq!(read(fadt()).keyboard_controller(), KeyboardController::Present);
    assert_eq!(with(109, [0, 0]).keyboard_controller(), KeyboardController::Absent);
    assert_eq!(with(8, [1]).keyboard_controller(), KeyboardController::Unknown);
}

#[test]
fn the_reset_register_is_a_port_memory_or_in_a_pci_device() {
    let place = |space, number| {
        let register = with(116, address(space, number)).reset_register();
        register.map(|register| register.map(|register| register.place))
    };
    let port = ResetRegister {
        place: ResetPlace::Port(IoPort(0xcf9)),
        value: 0xf,
    };
    assert_eq!(read(fadt()).reset_register(), Ok(Some(port)));
    let memory = ResetPlace::Memory(PhysAddr::new(0xfed8_0000));
    assert_eq!(place(0, 0xfed8_0000), Ok(Some(memory)));
    let pci = ResetPlace::PciConfiguration {
        device: 31,
        function: 7,
        offset: 0x44,
    };
    assert_eq!(place(2, 0x1f_0007_0044), Ok(Some(pci)));
}

#[test]
fn a_reset_register_where_none_can_lie_is_an_error() {
    for (space, number) in [
        (0, 1 << 52),
        (1, 0x1_0000),
        (2, 0x20_0007_0044),
        (2, 0x1f_0008_0044),
        (2, 0x1f_0007_0100),
        (2, 0x1_001f_0007_0044),
        (3, 1),
        (0x7f, 1),
    ] {
        let register = with(116, address(space, number)).reset_register();
        assert!(register.is_err(), "{space} {number:#x}");
    }
    let error = with(116, address(3, 1))
        .reset_register()
        .map_err(|error| error.to_string());
    let expected = "the FADT puts the reset register at 0x1 in an embedded controller";
    assert_eq!(error, Err(expected.to_owned()));
}

#[test]
fn there_is_no_reset_register_without_flag_or_room() {
    assert_eq!(with(112, [0; 4]).reset_register(), Ok(None));
    assert_eq!(with(116, [0; 12]).reset_register(), Ok(None));
    assert_eq!(cut(128).reset_register(), Ok(None));
    assert!(cut(129).reset_register().is_ok_and(|register| register.is_some()));
}
