//! Rules of the serial console's table.

use super::support::table_with;
use acpi_check::{AccessWidth, InterfaceType, IoPort, SerialConsole, SpcrError, UartPlace, UartRegisters};
use proptest::collection;
use proptest::prelude::{any, proptest};
use x86_64::PhysAddr;

/// COM2 in a table of the second revision, 80 bytes long, with other bytes at offsets.
fn with(fields: &[(usize, &[u8])]) -> Result<Option<SerialConsole>, SpcrError> {
    let com2: [(usize, &[u8]); 2] = [(8, &[2]), (40, &[1, 8, 0, 1, 0xf8, 2, 0, 0, 0, 0, 0, 0])];
    SerialConsole::from_table(&table_with(b"SPCR", 80, &[&com2, fields].concat()))
}

/// The registers at this generic address.
fn registers(space: u8, width_bits: u8, access_size: u8, address: u64) -> Result<UartRegisters, SpcrError> {
    let field = [&[space, width_bits, 0, access_size][..], &address.to_le_bytes()].concat();
    with(&[(40, &field)]).map(|console| console.expect("the address is not zero").registers)
}

/// The baud rate of a table of the fourth revision, 88 bytes long.
fn baud_rate(code: u8, clock_hz: u32, precise: u32) -> Result<Option<u32>, SpcrError> {
    let table = table_with(
        b"SPCR",
        88,
        &[
            (8, &[4]),
            (40, &[1, 8, 0, 1, 0xf8, 2, 0, 0, 0, 0, 0, 0]),
            (58, &[code]),
            (76, &clock_hz.to_le_bytes()),
            (80, &precise.to_le_bytes()),
        ],
    );
    SerialConsole::from_table(&table).map(|console| console.and_then(|console| console.baud_rate))
}

#[test]
fn reads_a_console_at_ports() {
    let expected = SerialConsole {
        interface: InterfaceType::new(0),
        registers: UartRegisters {
            place: UartPlace::Ports(IoPort(0x2f8)),
            stride_bytes: 1,
            access: AccessWidth::Byte,
        },
        baud_rate: None,
        clock_hz: None,
    };
    assert_eq!(with(&[]), Ok(Some(expected)));
}

#[test]
fn reads_a_console_in_memory() {
    let expected = UartRegisters {
        place: UartPlace::Memory(PhysAddr::new(0xe0_0000_0000)),
        stride_bytes: 4,
        access: AccessWidth::DoubleWord,
    };
    assert_eq!(registers(0, 32, 3, 0xe0_0000_0000), Ok(expected));
}

#[test]
fn width_and_access_size_determine_stride_and_access() {
    let read = |width_bits, access_size| {
        let registers = registers(0, width_bits, access_size, 0x1000);
        registers.map(|registers| (registers.stride_bytes, registers.access.bytes()))
    };
    assert_eq!(read(8, 0), Ok((1, 1)));
    assert_eq!(read(0, 1), Ok((1, 1)));
    assert_eq!(read(16, 2), Ok((2, 2)));
    assert_eq!(read(32, 0), Ok((4, 1)));
    assert_eq!(read(32, 2), Ok((4, 2)));
    for width_bits in [1, 7, 24, 64, 255] {
        assert_eq!(read(width_bits, 1), Err(SpcrError::Width { width_bits }));
    }
    for (width_bits, access_size) in [(8, 2), (8, 3), (16, 3), (32, 4), (32, 255)] {
        assert!(matches!(read(width_bits, access_size), Err(SpcrError::Access { .. })));
    }
}

#[test]
fn rejects_addresses_where_no_uart_can_lie() {
    for (space, width_bits, access_size, address) in [
        (0, 8, 1, 1 << 52),
        (0, 8, 1, (1 << 52) - 7),
        (0, 8, 1, u64::MAX),
        (0, 32, 3, 0x1002),
        (1, 8, 1, 0xfff9),
        (1, 32, 1, 0xffe1),
        (1, 8, 1, 0x1_0000),
    ] {
        let registers = registers(space, width_bits, access_size, address);
        assert!(matches!(registers, Err(SpcrError::Address { .. })), "{address:#x}");
    }
    assert!(registers(0, 8, 1, (1 << 52) - 8).is_ok());
    assert!(registers(1, 8, 1, 0xfff8).is_ok());
}

#[test]
fn rejects_other_address_spaces() {
    let error = registers(2, 8, 1, 0x1000).map_err(|error| error.to_string());
    assert_eq!(
        error,
        Err("the SPCR puts the UART into PCI configuration space".to_owned())
    );
}

#[test]
fn address_zero_means_that_there_is_no_console() {
    assert_eq!(with(&[(40, &[0; 12])]), Ok(None));
    assert_eq!(with(&[(40, &[1, 8, 0, 1, 0, 0, 0, 0])]), Ok(None));
    // Independent of the other fields.
    assert_eq!(with(&[(36, &[3]), (40, &[0; 12])]), Ok(None));
}

#[test]
fn only_uarts_like_a_16550_are_supported_and_others_are_named() {
    for kind in 0..=255 {
        let console = with(&[(36, &[kind])]);
        assert_eq!(console.is_ok(), [0, 1, 0x12].contains(&kind), "{kind:#x}");
    }
    let line = |kind| with(&[(36, &[kind])]).map_err(|error| error.to_string());
    let expected = "the SPCR names a UART of the type \"ARM PL011\", which the kernel does not support";
    assert_eq!(line(3), Err(expected.to_owned()));
    let expected = "the SPCR names a UART of the type \"number 0x7\", which the kernel does not support";
    assert_eq!(line(7), Err(expected.to_owned()));
}

#[test]
fn the_baud_rate_is_a_code_or_a_number() {
    assert_eq!(baud_rate(0, 0, 0), Ok(None));
    assert_eq!(baud_rate(3, 0, 0), Ok(Some(9600)));
    assert_eq!(baud_rate(4, 0, 0), Ok(Some(19200)));
    assert_eq!(baud_rate(6, 0, 0), Ok(Some(57600)));
    assert_eq!(baud_rate(7, 0, 0), Ok(Some(115_200)));
    assert_eq!(baud_rate(7, 0, 921_600), Ok(Some(921_600)));
    assert_eq!(baud_rate(99, 0, 38_400), Ok(Some(38_400)));
}

#[test]
fn the_precise_baud_rate_is_read_only_if_the_table_has_it() {
    let mut table = table_with(
        b"SPCR",
        84,
        &[
            (40, &[1, 8, 0, 1, 0xf8, 2]),
            (58, &[7]),
            (80, &19_200_u32.to_le_bytes()),
        ],
    );
    let read =
        |table: &[u8]| SerialConsole::from_table(table).map(|console| console.and_then(|console| console.baud_rate));
    assert_eq!(read(&table), Ok(Some(19_200)));
    table.truncate(83);
    assert_eq!(read(&table), Ok(Some(115_200)));
}

#[test]
fn rejects_undefined_codes() {
    for code in [1, 2, 5, 8, 255] {
        assert_eq!(baud_rate(code, 0, 0), Err(SpcrError::BaudRateCode { code }));
    }
}

#[test]
fn rejects_absurd_baud_rates() {
    for precise in [1, 49, 4_000_001, u32::MAX] {
        assert_eq!(
            baud_rate(7, 0, precise),
            Err(SpcrError::BaudRate { baud_rate: precise })
        );
    }
}

#[test]
fn the_clock_is_known_from_the_third_revision_on_and_must_be_fast_enough() {
    let clock = 1_843_200_u32.to_le_bytes();
    let clock_hz =
        |revision| with(&[(8, &[revision]), (76, &clock)]).map(|console| console.and_then(|console| console.clock_hz));
    assert_eq!(clock_hz(2), Ok(None));
    assert_eq!(clock_hz(3), Ok(Some(1_843_200)));
    assert_eq!(baud_rate(7, 1_843_200, 0), Ok(Some(115_200)));
    let error = SpcrError::Clock {
        baud_rate: 115_200,
        clock_hz: 1_843_199,
    };
    assert_eq!(baud_rate(7, 1_843_199, 0), Err(error));
}

#[test]
fn rejects_a_table_without_room_for_its_fields() {
    let table = table_with(b"SPCR", 80, &[(40, &[1, 8, 0, 1, 0xf8, 2])]);
    assert!(SerialConsole::from_table(&table).is_ok());
    for length_bytes in 0..80 {
        let error = SerialConsole::from_table(&table[..length_bytes]);
        assert_eq!(error, Err(SpcrError::TooShort { length_bytes }));
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in collection::vec(any::<u8>(), 0..120)) {
        _ = SerialConsole::from_table(&bytes);
    }
}
