//! Switches the machine off and resets it (ACPI specification, chapters 4 and 16).

use super::{
    acpi::{Acpi, warn_of_fault},
    clock::Instant,
    timer,
};
use crate::{memory::mapped_region::MappedRegion, output::logger};
use acpi_check::{
    AcpiModeCommand, Fadt, FadtError, KeyboardController, Pm1Control, ResetPlace, ResetRegister, SleepType,
};
use core::{arch::asm, time::Duration};
use spin::Once;
use thiserror::Error;
use x86_64::{
    VirtAddr,
    instructions::{interrupts, port::Port, tables::lidt},
    structures::DescriptorTablePointer,
};

/// Set by [`init`] on the BSP.
static POWER: Once<Power> = Once::new();

/// In a PM1 control register: power management events go to the operating system, not to the firmware (SCI_EN).
const ACPI_MODE: u16 = 1 << 0;

/// In a PM1 control register: lowest bit of the sleep type (SLP_TYP).
const SLEEP_TYPE_SHIFT: u32 = 10;

/// In a PM1 control register: the bits of the sleep type.
const SLEEP_TYPE: u16 = 0b111 << SLEEP_TYPE_SHIFT;

/// In a PM1 control register: enters the sleep state (SLP_EN).
const SLEEP_ENABLE: u16 = 1 << 13;

/// How long the firmware may take to enter ACPI mode; Linux waits as long.
const ACPI_MODE_LIMIT: Duration = Duration::from_secs(3);

/// How long switching off or a reset may take before the next method is tried.
const EFFECT_LIMIT: Duration = Duration::from_secs(1);

/// The keyboard controller's status and command port.
const KEYBOARD_COMMAND_PORT: u16 = 0x64;

/// In its status: the controller has not read the last command yet.
const KEYBOARD_INPUT_FULL: u8 = 1 << 1;

const KEYBOARD_PULSE_RESET: u8 = 0xfe;

#[derive(Debug)]
struct Power {
    pm1_control: Option<Pm1Control>,
    soft_off: Option<SleepType>,
    acpi_mode_command: Option<AcpiModeCommand>,
    reset_register: Option<ResetRegister>,
    keyboard_controller: KeyboardController,
}

/// Why the machine could not be switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ShutDownError {
    #[error("the ACPI tables have no PM1 control register")]
    NoControl,
    #[error("the ACPI tables have no constant sleep type \\_S5")]
    NoSleepType,
    #[error("the firmware does not enter ACPI mode")]
    NoAcpiMode,
    #[error("the sleep state was entered without effect")]
    NoEffect,
}

/// Keeps what the tables say. Without tables, only the methods that need none are left.
pub fn init(acpi: Option<&Acpi>) {
    let fadt = acpi.and_then(Acpi::fadt);
    let log = |error: FadtError| warn_of_fault(&error);
    POWER.call_once(|| Power {
        pm1_control: fadt
            .as_ref()
            .and_then(|fadt| fadt.pm1_control().map_err(log).ok().flatten()),
        soft_off: acpi.and_then(Acpi::soft_off),
        acpi_mode_command: fadt.as_ref().and_then(Fadt::acpi_mode_command),
        reset_register: fadt
            .as_ref()
            .and_then(|fadt| fadt.reset_register().map_err(log).ok().flatten()),
        keyboard_controller: fadt
            .as_ref()
            .map_or(KeyboardController::Unknown, Fadt::keyboard_controller),
    });
}

/// Switches the machine off. Returns only if that fails.
pub fn shut_down() -> ShutDownError {
    log::info!("Shutting down");
    logger::draw();
    let Some(Power {
        pm1_control: Some(control),
        soft_off,
        acpi_mode_command,
        ..
    }) = POWER.get()
    else {
        return ShutDownError::NoControl;
    };
    let Some(soft_off) = soft_off else {
        return ShutDownError::NoSleepType;
    };
    let mut a = Port::<u16>::new(control.a.0);
    if !enter_acpi_mode(&mut a, *acpi_mode_command) {
        return ShutDownError::NoAcpiMode;
    }
    interrupts::disable();
    write_sleep_type(&mut a, soft_off.a);
    if let Some(port) = control.b {
        write_sleep_type(&mut Port::new(port.0), soft_off.b);
    }
    timer::sleep(EFFECT_LIMIT);
    interrupts::enable();
    ShutDownError::NoEffect
}

/// Switches the firmware to ACPI mode, if it is not in it. Returns whether it is in it.
fn enter_acpi_mode(control: &mut Port<u16>, command: Option<AcpiModeCommand>) -> bool {
    // SAFETY: A validated table says that the register is there; reading it has no side effect.
    let mut is_in_acpi_mode = || unsafe { control.read() } & ACPI_MODE != 0;
    // Without a command, the machine is always in ACPI mode.
    let Some(command) = command else { return true };
    if is_in_acpi_mode() {
        return true;
    }
    // SAFETY: A validated table names the port and the command for this.
    unsafe { Port::new(command.port.0).write(command.enable) };
    let deadline = Instant::now() + ACPI_MODE_LIMIT;
    while !is_in_acpi_mode() && Instant::now() < deadline {
        timer::sleep(Duration::from_millis(1));
    }
    is_in_acpi_mode()
}

fn write_sleep_type(control: &mut Port<u16>, sleep_type: u8) {
    // SAFETY: A validated table says that the register is there; reading it has no side effect.
    let before = unsafe { control.read() };
    let value = before & !(SLEEP_TYPE | SLEEP_ENABLE) | u16::from(sleep_type) << SLEEP_TYPE_SHIFT & SLEEP_TYPE;
    // SAFETY: The caller wants to switch the machine off, and has written the log out.
    unsafe { control.write(value | SLEEP_ENABLE) };
}

/// Resets the machine: by the reset register in the FADT, else by the keyboard controller, else by a triple fault.
pub fn reboot() -> ! {
    // By this line the runner tells a requested reset from a triple fault.
    log::info!("Rebooting");
    logger::draw();
    interrupts::disable();
    let power = POWER.get();
    if let Some(register) = power.and_then(|power| power.reset_register) {
        write_reset_register(register);
        timer::sleep(EFFECT_LIMIT);
    }
    if power.is_none_or(|power| power.keyboard_controller != KeyboardController::Absent) {
        pulse_reset_line();
        timer::sleep(EFFECT_LIMIT);
    }
    triple_fault()
}

fn write_reset_register(register: ResetRegister) {
    match register.place {
        ResetPlace::Port(port) => {
            // SAFETY: A validated table says that this resets the machine, which the caller wants.
            unsafe { Port::new(port.0).write(register.value) };
        }
        ResetPlace::Memory(address) => {
            // SAFETY: A validated table says that a register is there; `mmio` refuses RAM.
            if let Ok((_region, start)) = unsafe { MappedRegion::mmio(address, 1) } {
                // SAFETY: As for the port.
                unsafe { start.as_mut_ptr::<u8>().write_volatile(register.value) };
            }
        }
        ResetPlace::PciConfiguration {
            device,
            function,
            offset,
        } => {
            let (device, function, offset) = (u32::from(device), u32::from(function), u32::from(offset));
            let address = 1 << 31 | device << 11 | function << 8 | offset & !0b11;
            // SAFETY: Every PC with a PCI bus has the two ports (PCI specification, section 3.2.2.3.2).
            unsafe { Port::new(0xcf8).write(address) };
            let data_port = 0xcfc + u16::try_from(offset & 0b11).unwrap_or(0);
            // SAFETY: As for the port.
            unsafe { Port::new(data_port).write(register.value) };
        }
    }
}

/// Resets the processor through the keyboard controller.
fn pulse_reset_line() {
    let mut port = Port::<u8>::new(KEYBOARD_COMMAND_PORT);
    let deadline = Instant::now() + EFFECT_LIMIT;
    // SAFETY: The port is the keyboard controller's, or no device's; reading the status has no side effect.
    while unsafe { port.read() } & KEYBOARD_INPUT_FULL != 0 && Instant::now() < deadline {
        core::hint::spin_loop();
    }
    // SAFETY: The caller wants to reset the machine.
    unsafe { port.write(KEYBOARD_PULSE_RESET) };
}

/// Raises an exception without an interrupt descriptor table.
fn triple_fault() -> ! {
    let no_table = DescriptorTablePointer {
        limit: 0,
        base: VirtAddr::zero(),
    };
    // SAFETY: From here on any exception resets the machine, which the caller wants.
    unsafe { lidt(&no_table) };
    // SAFETY: As before.
    unsafe { asm!("ud2", options(noreturn)) }
}
