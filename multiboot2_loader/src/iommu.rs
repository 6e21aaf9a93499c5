//! Disables VT-d remapping units that the firmware may have enabled (Intel Virtualization Technology for Directed I/O, chapter "Register
//! Descriptions"). A kernel without a driver for them could not use its devices.
//!
//! AMD-Vi units are left alone; only firmware for confidential computing is known to enable them.

use acpi_check::Table;
use multiboot2_loader_core::acpi::dmar;
use multiboot2_loader_core::address::PhysAddr;

use crate::console;
use crate::device_registers::DeviceRegisters;
use crate::direct_map::DirectMap;

/// Global command register.
const GLOBAL_COMMAND: usize = 0x18;
/// Global status register: the current state of the bits of the command register.
const GLOBAL_STATUS: usize = 0x1c;
/// Size of the registers.
const SIZE_BYTES: usize = 4096;
/// DMA remapping.
const TRANSLATION: u32 = 1 << 31;
/// Interrupt remapping.
const INTERRUPT_REMAPPING: u32 = 1 << 25;
/// The command queue, which the other two need while they are enabled.
const QUEUED_INVALIDATION: u32 = 1 << 26;
/// Status bits that must be written back unchanged; the others start one-time operations.
const LASTING: u32 = 0x96ff_ffff;
/// Maximum number of status reads until a unit must have changed its state.
const POLLS: u32 = 1_000_000;

/// Disables every unit that the DMAR table names.
pub(crate) fn switch_off(memory: &DirectMap, table: &Table) {
    match dmar::remapping_units(memory, table) {
        Ok(units) => units.into_iter().for_each(switch_off_unit),
        Err(error) => console::warn(format_args!("{error}")),
    }
}

/// Disables one unit, translation first.
fn switch_off_unit(address: PhysAddr) {
    // SAFETY: The DMAR table, whose checksum is right, reports a remapping unit here; reads of these registers have no effect.
    let unit = match unsafe { DeviceRegisters::new(address, SIZE_BYTES) } {
        Ok(unit) => unit,
        Err(error) => return console::warn(format_args!("I/O memory-management unit: {error}")),
    };
    let parts = [
        (TRANSLATION, "DMA translation"),
        (INTERRUPT_REMAPPING, "interrupt remapping"),
        (QUEUED_INVALIDATION, "its command queue"),
    ];
    for (part, name) in parts {
        let status = unit.read(GLOBAL_STATUS);
        // All ones: there is no such device.
        if status == u32::MAX || status & part == 0 {
            continue;
        }
        // SAFETY: From here on devices access memory at physical addresses, as without such a unit. The loader uses no device with DMA.
        unsafe { unit.write(GLOBAL_COMMAND, status & LASTING & !part) };
        let mut polls = POLLS;
        while unit.read(GLOBAL_STATUS) & part != 0 && polls > 0 {
            polls -= 1;
        }
        let outcome = if polls > 0 { "switched off" } else { "would not go off" };
        console::warn(format_args!(
            "the firmware left the I/O memory-management unit at {address} on: {name} {outcome}"
        ));
    }
}
