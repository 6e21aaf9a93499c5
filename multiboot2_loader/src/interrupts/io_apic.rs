//! I/O APICs (82093AA data sheet; Intel's chip set manuals).

use acpi_check::IoApic;
use multiboot2_loader_core::address::PhysAddr;

use super::masked_unless_firmware_s;
use crate::console;
use crate::device_registers::DeviceRegisters;

/// Offset of the register that selects another.
const SELECT: usize = 0x00;
/// Offset of the window to the selected register.
const WINDOW: usize = 0x10;
/// Size of the block.
const SIZE_BYTES: usize = 0x20;
/// The version register; bits 16 to 23 are the number of the last redirection entry.
const VERSION: u32 = 0x01;
/// The lower half of the first redirection entry; each takes two registers.
const FIRST_ENTRY: u32 = 0x10;
/// Maximum number of the last entry: register numbers have 8 bits.
const LAST_ENTRY_LIMIT: u32 = 119;

/// Masks the inputs of one I/O APIC, except those for system management.
pub(crate) fn mask(io_apic: &IoApic) {
    let address = PhysAddr::new(io_apic.address.as_u64());
    // SAFETY: The MADT, whose checksum is right, reports an I/O APIC here; a read has no effect.
    let registers = match unsafe { DeviceRegisters::new(address, SIZE_BYTES) } {
        Ok(registers) => registers,
        Err(error) => return console::warn(format_args!("I/O APIC {}: {error}", io_apic.id)),
    };
    let last_entry = read(&registers, VERSION) >> 16 & 0xff;
    for entry in 0..=last_entry.min(LAST_ENTRY_LIMIT) {
        let number = FIRST_ENTRY + 2 * entry;
        let value = read(&registers, number);
        write(&registers, number, masked_unless_firmware_s(value));
    }
}

/// Reads a register.
fn read(registers: &DeviceRegisters, number: u32) -> u32 {
    // SAFETY: The select register only selects the register of the window.
    unsafe { registers.write(SELECT, number) };
    registers.read(WINDOW)
}

/// Writes a redirection entry's lower half.
fn write(registers: &DeviceRegisters, number: u32, value: u32) {
    // SAFETY: The select register only selects the register of the window.
    unsafe { registers.write(SELECT, number) };
    // SAFETY: A redirection entry only routes an interrupt; it is masked here or unchanged.
    unsafe { registers.write(WINDOW, value) };
}
