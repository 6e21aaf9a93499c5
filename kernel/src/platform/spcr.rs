//! Moves the log to the serial console of the ACPI table SPCR.

use super::acpi::Acpi;
use crate::{
    memory::mapped_region::MappedRegion,
    output::{LineSettings, UartAccess, UartPlace, UartRegisters, logger},
};
use acpi_check::{AccessWidth, SerialConsole, UartPlace as AllegedPlace, UartRegisters as AllegedRegisters};
use core::mem;

/// Number of registers of a 16550.
const REGISTERS: u64 = 8;

/// Moves the log to the serial port of the SPCR table, if there is such a table and such a port.
pub fn replace_serial_port(acpi: &Acpi) {
    let Some(console) = acpi.serial_console() else { return };
    let Some((registers, region)) = reach(console.registers) else {
        return;
    };
    let kind = match registers.place {
        UartPlace::Memory(_) => "MMIO",
        UartPlace::Port(_) => "I/O port",
    };
    if registers == UartRegisters::COM1 {
        log::info!("COM1 is the UART from the SPCR ACPI table");
        return;
    }
    log::info!(
        "The log moves to the {kind} UART from the SPCR ACPI table: {:?}",
        console.registers
    );
    // SAFETY: A validated table says that a 16550 is there; it is not RAM, and the kernel uses it for nothing else.
    if unsafe { logger::replace_serial_port(registers, settings_of(&console)) } {
        // The log uses the registers permanently.
        mem::forget(region);
        log::info!("Replaced COM1 with {kind} UART from the SPCR ACPI table");
    } else {
        log::warn!(
            "There is no UART where the SPCR ACPI table says: the log stays at COM1. Check the console's port in the firmware's setup"
        );
    }
}

/// The speed in the table; `None` to keep the current one.
fn settings_of(console: &SerialConsole) -> Option<LineSettings> {
    console.baud_rate.map(|baud_rate| LineSettings {
        baud_rate,
        clock_hz: console.clock_hz,
    })
}

/// Makes the registers accessible. Returns their mapping too if they are in memory.
fn reach(alleged: AllegedRegisters) -> Option<(UartRegisters, Option<MappedRegion>)> {
    let (place, region) = match alleged.place {
        AllegedPlace::Ports(port) => (UartPlace::Port(port.0), None),
        AllegedPlace::Memory(address) => {
            let size_bytes = REGISTERS * u64::from(alleged.stride_bytes);
            // SAFETY: A validated table says that the registers are there; `mmio` refuses RAM.
            match unsafe { MappedRegion::mmio(address, size_bytes) } {
                Ok((region, start)) => (UartPlace::Memory(start), Some(region)),
                Err(error) => {
                    log::warn!("The UART from the SPCR ACPI table cannot be used: {error}");
                    return None;
                }
            }
        }
    };
    let access = match alleged.access {
        AccessWidth::Byte => UartAccess::Byte,
        AccessWidth::Word => UartAccess::Word,
        AccessWidth::DoubleWord => UartAccess::DoubleWord,
    };
    let registers = UartRegisters {
        place,
        stride: alleged.stride_bytes,
        access,
    };
    Some((registers, region))
}
