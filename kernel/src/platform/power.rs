//! Switching the machine off, and starting it again (ACPI specification, chapters 4 and 16).

use super::{acpi::Acpi, clock::Instant, timer};
use crate::{memory::virtual_memory::MappedRegion, output::logger};
use acpi_check::{AcpiModeCommand, KeyboardController, Pm1Control, ResetPlace, ResetRegister, SleepType};
use core::{arch::asm, fmt, time::Duration};
use spin::Once;
use x86_64::{
    VirtAddr,
    instructions::{interrupts, port::Port, tables::lidt},
    structures::DescriptorTablePointer,
};

/// Set by [`init`] on the BSP.
static POWER: Once<Power> = Once::new();

/// In a PM1 control register: the operating system, not the firmware, gets power management's events (SCI_EN).
const ACPI_MODE: u16 = 1 << 0;

/// In a PM1 control register: where the sleep type begins (SLP_TYP).
const SLEEP_TYPE_SHIFT: u32 = 10;

/// In a PM1 control register: the sleep type's bits.
const SLEEP_TYPE: u16 = 0b111 << SLEEP_TYPE_SHIFT;

/// In a PM1 control register: go to sleep (SLP_EN).
const SLEEP_ENABLE: u16 = 1 << 13;

/// How long the firmware may take to let go of power management (Linux waits as long).
const ACPI_MODE_LIMIT: Duration = Duration::from_secs(3);

/// How long the machine may take to go off, or to start again, before the next way is tried.
const EFFECT_LIMIT: Duration = Duration::from_secs(1);

/// The keyboard controller's status and command port.
const KEYBOARD_COMMAND_PORT: u16 = 0x64;

/// In its status: a command waits to be taken.
const KEYBOARD_INPUT_FULL: u8 = 1 << 1;

/// Its command to pulse the processor's reset line.
const KEYBOARD_PULSE_RESET: u8 = 0xfe;

/// How the machine is switched off and reset.
#[derive(Debug)]
struct Power {
    /// Where power management is controlled.
    pm1_control: Option<Pm1Control>,
    /// What makes it "off".
    soft_off: Option<SleepType>,
    /// How the firmware is told to let go.
    acpi_mode_command: Option<AcpiModeCommand>,
    /// What resets the machine.
    reset_register: Option<ResetRegister>,
    /// Whether the keyboard controller may be asked to.
    keyboard_controller: KeyboardController,
}

/// Why the machine is still on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShutDownError {
    /// No table says where power management is controlled.
    NoControl,
    /// No table says plainly what switches the machine off.
    NoSleepType,
    /// The firmware does not let go of power management.
    NoAcpiMode,
    /// All was done, and the machine is still on.
    NoEffect,
}

/// Keeps what the tables say. Without tables, only the ways that need none are left.
pub fn init(acpi: Option<&Acpi>) {
    let fadt = acpi.and_then(Acpi::fadt);
    let log = |error: acpi_check::FadtError| log::warn!("ACPI: {error}");
    POWER.call_once(|| Power {
        pm1_control: fadt.and_then(|fadt| fadt.pm1_control().map_err(log).ok().flatten()),
        soft_off: acpi.and_then(Acpi::soft_off),
        acpi_mode_command: fadt.and_then(acpi_check::Fadt::acpi_mode_command),
        reset_register: fadt.and_then(|fadt| fadt.reset_register().map_err(log).ok().flatten()),
        keyboard_controller: fadt.map_or(KeyboardController::Unknown, acpi_check::Fadt::keyboard_controller),
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

/// Makes the firmware let go of power management, if it has not. Returns whether it has.
fn enter_acpi_mode(control: &mut Port<u16>, command: Option<AcpiModeCommand>) -> bool {
    // SAFETY: A checked table says that the register is there; reading it changes nothing.
    let mut is_in_acpi_mode = || unsafe { control.read() } & ACPI_MODE != 0;
    // Where nobody can be told, nobody has it.
    let Some(command) = command else { return true };
    if is_in_acpi_mode() {
        return true;
    }
    // SAFETY: A checked table says that the port and the command are there for this.
    unsafe { Port::new(command.port.0).write(command.enable) };
    let deadline = Instant::now() + ACPI_MODE_LIMIT;
    while !is_in_acpi_mode() && Instant::now() < deadline {
        timer::sleep(Duration::from_millis(1));
    }
    is_in_acpi_mode()
}

/// Goes to sleep, as far as this register decides it.
fn write_sleep_type(control: &mut Port<u16>, sleep_type: u8) {
    // SAFETY: A checked table says that the register is there; reading it changes nothing.
    let before = unsafe { control.read() };
    let value = before & !(SLEEP_TYPE | SLEEP_ENABLE) | u16::from(sleep_type) << SLEEP_TYPE_SHIFT & SLEEP_TYPE;
    // SAFETY: To switch the machine off is what this is for. All that matters has been written out.
    unsafe { control.write(value | SLEEP_ENABLE) };
}

/// Starts the machine again: by the register that the FADT names, else by the keyboard controller, else by a triple fault.
pub fn reboot() -> ! {
    // The runner tells a wanted reset by this line.
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

/// Writes the reset register.
fn write_reset_register(register: ResetRegister) {
    match register.place {
        ResetPlace::Port(port) => {
            // SAFETY: A checked table says that this resets the machine, which is what is wanted.
            unsafe { Port::new(port.0).write(register.value) };
        }
        ResetPlace::Memory(address) => {
            // SAFETY: A checked table says that a register is there, and it is no RAM of ours.
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
            // SAFETY: The two ports are there for this on every PC with a PCI bus (PCI specification, section 3.2.2.3.2).
            unsafe { Port::new(0xcf8).write(address) };
            let data_port = 0xcfc + u16::try_from(offset & 0b11).unwrap_or(0);
            // SAFETY: As for the port.
            unsafe { Port::new(data_port).write(register.value) };
        }
    }
}

/// Asks the keyboard controller to reset the processor.
fn pulse_reset_line() {
    let mut port = Port::<u8>::new(KEYBOARD_COMMAND_PORT);
    let deadline = Instant::now() + EFFECT_LIMIT;
    // SAFETY: The port is the keyboard controller's, or nobody's; reading its status changes nothing.
    while unsafe { port.read() } & KEYBOARD_INPUT_FULL != 0 && Instant::now() < deadline {
        core::hint::spin_loop();
    }
    // SAFETY: To reset the machine is what is wanted.
    unsafe { port.write(KEYBOARD_PULSE_RESET) };
}

/// Raises an exception for which there is no handler, nor one for the fault that follows.
fn triple_fault() -> ! {
    let no_table = DescriptorTablePointer {
        limit: 0,
        base: VirtAddr::zero(),
    };
    // SAFETY: From here on any exception resets the machine, which is what is wanted.
    unsafe { lidt(&no_table) };
    // SAFETY: As before.
    unsafe { asm!("ud2", options(noreturn)) }
}

impl fmt::Display for ShutDownError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoControl => "ACPI does not say where that is done",
            Self::NoSleepType => "ACPI does not say plainly how that is done",
            Self::NoAcpiMode => "the firmware does not let go of power management",
            Self::NoEffect => "all was done, without effect",
        })
    }
}
