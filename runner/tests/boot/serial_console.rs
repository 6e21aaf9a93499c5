//! The SPCR table's serial port: the log moves there before the other processors start.

use std::{fs, path::Path, sync::Mutex};

use libtest_mimic::Failed;
use runner::{Ending, FirmwareKind, Machine};
use serde_json::json;

use crate::booted::Booted;
use crate::firmware_tables::{add_table, argument_with_file};
use crate::host::{
    FIRMWARES, boot_limit_s, firmware_name, iso_with_command_line, machine_on_one_thread, new_path, shipped_iso,
};
use crate::log_lines::plain;
use crate::scenario::{Deadline, Outcome, Scenario};

/// First I/O port of COM2.
const COM2: u64 = 0x2f8;

/// Size of the memory that simulates a UART.
const UART_BYTES: usize = 1 << 20;

/// QEMU's name of the device with that memory.
const DEVICE_ID: &str = "PCI device 1af4:1110";

/// Line status register of an idle transmitter: all bytes sent, ready for more.
const READY: u8 = 0x60;

/// Index of the line status register.
const LINE_STATUS: usize = 5;

/// Register description in a table: address space, bits, access size (ACPI specification, "Generic Address Structure").
#[derive(Clone, Copy)]
struct Registers {
    /// Address space: 0 for memory, 1 for I/O ports.
    space: u8,
    /// Distance of registers in bits.
    width_bits: u8,
    /// Access size: 1, 2 and 3 for bytes, words, double words.
    access_size: u8,
    /// Address of the first register.
    address: u64,
}

/// Baud rates of a table: "leave as it is", and 115,200.
const BAUD_RATES: [(&str, u8); 2] = [("as_it_is", 0), ("at_115200_baud", 7)];

/// Layouts of registers in memory: distance in bits, and access size.
const LAYOUTS: [(&str, u8, u8); 3] = [("byte", 8, 1), ("word", 16, 2), ("double_word", 32, 3)];

/// Tables that the kernel must refuse: test name, kind of UART, address, code of the baud rate, and expected log line.
const REFUSED: [(&str, u8, Registers, u8, &str); 6] = [
    (
        "registers_in_ram_are_refused",
        0,
        Registers {
            space: 0,
            width_bits: 8,
            access_size: 1,
            address: 0x100_0000,
        },
        0,
        "WARN  The UART from the SPCR ACPI table cannot be used: there is RAM at 0x1000000",
    ),
    (
        "registers_beyond_the_processors_addresses_are_refused",
        0,
        Registers {
            space: 0,
            width_bits: 8,
            access_size: 1,
            address: 1 << 51,
        },
        0,
        "WARN  The UART from the SPCR ACPI table cannot be used: the page tables refuse: ",
    ),
    (
        "an_address_of_zero_means_that_there_is_no_console",
        0,
        Registers {
            space: 0,
            width_bits: 8,
            access_size: 1,
            address: 0,
        },
        0,
        "\"SPCR\"",
    ),
    (
        "a_port_that_is_not_there_is_refused",
        0,
        Registers {
            space: 1,
            width_bits: 8,
            access_size: 1,
            address: 0x3e8,
        },
        7,
        "WARN  There is no UART where the SPCR ACPI table says: the log stays at COM1",
    ),
    (
        "an_unknown_baud_rate_is_refused",
        0,
        Registers {
            space: 1,
            width_bits: 8,
            access_size: 1,
            address: COM2,
        },
        99,
        "WARN  ACPI: ",
    ),
    (
        "another_kind_of_uart_is_named",
        3,
        Registers {
            space: 0,
            width_bits: 32,
            access_size: 3,
            address: 0xfe00_0000,
        },
        0,
        "PL011",
    ),
];

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for kind in FIRMWARES {
        let limit_s = 2 * boot_limit_s(kind);
        for (baud, code) in BAUD_RATES {
            if kind == FirmwareKind::Uefi && code == 0 {
                continue;
            }
            let name = format!(
                "serial_console::the_log_moves_to_com2_{baud}_on_{}",
                firmware_name(kind)
            );
            scenarios.push(Scenario::new(name, limit_s, move |deadline| {
                moves_to_com2(kind, code, deadline)
            }));
        }
        // UEFI assigns addresses above 4 GiB; the register layouts do not depend on that.
        let layouts = if kind == FirmwareKind::Bios {
            &LAYOUTS[..]
        } else {
            &LAYOUTS[2..]
        };
        for (layout, width_bits, access_size) in layouts.iter().copied() {
            let name = format!(
                "serial_console::the_log_moves_to_registers_in_memory_by_the_{layout}_on_{}",
                firmware_name(kind)
            );
            scenarios.push(Scenario::new(name, limit_s, move |deadline| {
                moves_to_memory(kind, width_bits, access_size, deadline)
            }));
        }
    }
    scenarios.push(Scenario::new(
        "serial_console::a_port_that_is_never_ready_is_refused",
        60,
        never_ready,
    ));
    for (rule, interface_type, registers, baud_code, says) in REFUSED {
        let name = format!("serial_console::{rule}");
        scenarios.push(Scenario::new(name, 30, move |deadline| {
            refuses(spcr(interface_type, registers, baud_code), says, deadline)
        }));
    }
    scenarios
}

/// Makes an SPCR table of revision 2.
fn spcr(interface_type: u8, registers: Registers, baud_code: u8) -> Vec<u8> {
    let mut table = b"SPCR".to_vec();
    table.extend(80_u32.to_le_bytes());
    table.push(2);
    table.resize(36, 0);
    table.extend([interface_type, 0, 0, 0]);
    table.extend([registers.space, registers.width_bits, 0, registers.access_size]);
    table.extend(registers.address.to_le_bytes());
    table.resize(58, 0);
    table.push(baud_code);
    table.resize(80, 0);
    table
}

/// Checks that the log starts on COM1 and moves to COM2, with the lines of all processors.
fn moves_to_com2(kind: FirmwareKind, baud_code: u8, deadline: Deadline) -> Outcome {
    let com2 = new_path("com2.txt");
    let registers = Registers {
        space: 1,
        width_bits: 8,
        access_size: 1,
        address: COM2,
    };
    let mut machine = machine_on_one_thread(kind, &iso_with_command_line("exit=shutdown")?)?;
    machine.extra_arguments.push("-serial".into());
    machine.extra_arguments.push(argument_with_file("file:", &com2));
    add_table(&mut machine, "spcr", spcr(0, registers, baud_code))?;
    let mut booted = Booted::start(&machine, deadline)?;
    booted.expect_ending(&Ending::ShutDown)?;
    let com2 = plain(&String::from_utf8_lossy(&fs::read(com2)?));
    let com1 = booted.text();
    let check = |rule: bool, what: &str| booted.check(rule, &format!("{what}\n--- COM2\n{com2}"));
    check(com1.contains("Hello from BSP"), "the log does not begin on COM1")?;
    check(!com1.contains("Hello from AP"), "a greeting of a processor is on COM1")?;
    check(
        com2.matches("Hello from AP").count() == 3,
        "not every processor says hello on COM2",
    )?;
    check(
        com2.contains("INFO  Replaced COM1 with I/O port UART from the SPCR ACPI table"),
        "COM2 does not say why the log is there",
    )
}

/// Moves the log to a device's memory, which keeps the last byte written: the end of a line. All earlier lines are on
/// COM1.
fn moves_to_memory(kind: FirmwareKind, width_bits: u8, access_size: u8, deadline: Deadline) -> Outcome {
    let stride = usize::from(width_bits / 8);
    let mut memory = vec![0; UART_BYTES];
    memory[LINE_STATUS * stride] = READY;
    let uart = new_path("uart.bin");
    fs::write(&uart, memory)?;
    let mut machine = machine_on_one_thread(kind, &iso_with_command_line("exit=shutdown")?)?;
    add_memory(&mut machine, &uart);
    let registers = Registers {
        space: 0,
        width_bits,
        access_size,
        address: address_of_memory(kind, &machine, deadline)?,
    };
    add_table(&mut machine, "spcr", spcr(0, registers, 0))?;
    let mut booted = Booted::start(&machine, deadline)?;
    booted.expect_ending(&Ending::ShutDown)?;
    let last_byte = fs::read(&uart)?.first().copied();
    let com1 = booted.text();
    booted.check(
        com1.contains("The log moves to the MMIO UART from the SPCR ACPI table"),
        "COM1 does not say where the log is",
    )?;
    booted.check(!com1.contains("Hello from AP"), "a greeting of a processor is on COM1")?;
    booted.check(
        last_byte == Some(b'\n'),
        &format!("the last byte that was written is {last_byte:?}, and no end of a line"),
    )
}

/// Checks that the log does not wait for ever for a port that stays busy.
fn never_ready(deadline: Deadline) -> Outcome {
    let uart = new_path("busy_uart.bin");
    fs::write(&uart, [0; UART_BYTES])?;
    let mut machine = machine_on_one_thread(FirmwareKind::Bios, &shipped_iso()?)?;
    add_memory(&mut machine, &uart);
    let registers = Registers {
        space: 0,
        width_bits: 8,
        access_size: 1,
        address: address_of_memory(FirmwareKind::Bios, &machine, deadline)?,
    };
    add_table(&mut machine, "spcr", spcr(0, registers, 7))?;
    let mut booted = Booted::start(&machine, deadline)?;
    booted.expect("All 4 processors are up and idle")?;
    booted.check(
        booted
            .text()
            .contains("WARN  There is no UART where the SPCR ACPI table says: the log stays at COM1"),
        "the log does not say why it stays",
    )
}

/// Adds a device with memory from a file to the machine.
fn add_memory(machine: &mut Machine, file: &Path) {
    machine.extra_arguments.push("-object".into());
    let mut object = argument_with_file("memory-backend-file,id=hm,share=on,mem-path=", file);
    object.push(format!(",size={UART_BYTES}"));
    machine.extra_arguments.push(object);
    machine
        .extra_arguments
        .extend(["-device", "ivshmem-plain,memdev=hm"].map(Into::into));
}

/// Returns the address that the firmware assigns to the device's memory. It depends on the firmware only, so one boot
/// finds it for all tests.
fn address_of_memory(kind: FirmwareKind, machine: &Machine, deadline: Deadline) -> Result<u64, Failed> {
    static WITH_BIOS: Mutex<Option<u64>> = Mutex::new(None);
    static WITH_UEFI: Mutex<Option<u64>> = Mutex::new(None);
    let known = match kind {
        FirmwareKind::Bios => &WITH_BIOS,
        FirmwareKind::Uefi => &WITH_UEFI,
    };
    let mut known = known
        .lock()
        .map_err(|_| "another scenario panicked while it looked for the address")?;
    if let Some(address) = *known {
        return Ok(address);
    }
    let mut probe = machine.clone();
    probe.iso = shipped_iso()?;
    let mut booted = Booted::start(&probe, deadline)?;
    booted.expect("Hello from BSP")?;
    let devices = booted.command("human-monitor-command", &json!({ "command-line": "info pci" }))?;
    let devices = devices.as_str().unwrap_or_default();
    let (_, after) = devices.split_once(DEVICE_ID).unwrap_or_default();
    let address = after.lines().find_map(|line| {
        let (_, place) = line.split_once("BAR2:")?.1.split_once(" at 0x")?;
        u64::from_str_radix(place.split(' ').next()?, 16).ok()
    });
    let address = address.ok_or_else(|| booted.failed(&format!("no device with a BAR2:\n{devices}")))?;
    Ok(*known.insert(address))
}

/// Checks that the log stays on COM1, and reports the reason.
fn refuses(table: Vec<u8>, says: &str, deadline: Deadline) -> Outcome {
    let mut machine = machine_on_one_thread(FirmwareKind::Bios, &iso_with_command_line("log.level=debug")?)?;
    add_table(&mut machine, "spcr", table)?;
    let mut booted = Booted::start(&machine, deadline)?;
    booted.expect("All 4 processors are up and idle")?;
    let text = booted.text();
    booted.check(text.contains(says), &format!("the log lacks {says:?}"))?;
    booted.check(!text.contains(" ERROR "), "there is an error")?;
    booted.check(
        text.matches("Hello from AP").count() == 3,
        "not every processor says hello on COM1",
    )
}
