//! What the kernel needs to switch the machine off, and to measure time: power management's registers.

use super::error::FadtError;
use super::register_block::{PM_TIMER, PM1A_CONTROL, PM1B_CONTROL};
use super::{Fadt, REVISION};
use crate::io_port::IoPort;

/// Offset of the port for commands to the firmware.
const SMI_COMMAND: usize = 48;
/// Offset of the command that makes the firmware let go of power management.
const ACPI_ENABLE: usize = 52;
/// Offset of the command that makes it take it back.
const ACPI_DISABLE: usize = 53;
/// Offset of what a PC has.
const IAPC_BOOT_ARCH: usize = 109;
/// What a PC has: a keyboard controller.
const HAS_8042: u16 = 1 << 1;
/// The first revision that says what a PC has.
const REVISION_WITH_BOOT_ARCH: u8 = 2;
/// Flag: the timer has 32 bits, not 24.
const TIMER_HAS_32_BITS: u32 = 1 << 8;
/// Flag: there are no fixed registers.
const HARDWARE_REDUCED: u32 = 1 << 20;

/// Where power management is controlled. What is written goes to both blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pm1Control {
    /// The first block's 16-bit register.
    pub a: IoPort,
    /// The second block's, if there is one.
    pub b: Option<IoPort>,
}

/// How the firmware is told who looks after power management.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcpiModeCommand {
    /// The port for commands.
    pub port: IoPort,
    /// Let go of it.
    pub enable: u8,
    /// Take it back.
    pub disable: u8,
}

/// Whether there is a keyboard controller, which can also reset the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyboardController {
    /// There is one.
    Present,
    /// There is none: its ports may be something else's.
    Absent,
    /// The table is too old to say it.
    Unknown,
}

/// A counter that goes 3,579,545 times a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PmTimer {
    /// Its 32-bit register.
    pub port: IoPort,
    /// How many bits of it count.
    pub width: PmTimerWidth,
}

/// How many bits of the timer count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PmTimerWidth {
    /// It wraps around after 4.7 seconds.
    Bits24,
    /// It wraps around after 20 minutes.
    Bits32,
}

impl Fadt {
    /// Where power management is controlled. `None` on machines without fixed registers.
    ///
    /// # Errors
    /// When no such registers can lie where the table says.
    pub fn pm1_control(&self) -> Result<Option<Pm1Control>, FadtError> {
        if self.has_flag(HARDWARE_REDUCED) {
            return Ok(None);
        }
        let Some(a) = PM1A_CONTROL.first_port(self)? else {
            return Ok(None);
        };
        let b = PM1B_CONTROL.first_port(self)?;
        Ok(Some(Pm1Control { a, b }))
    }

    /// How the firmware is told to let go of power management. `None` where it has none to let go of.
    #[must_use]
    pub fn acpi_mode_command(&self) -> Option<AcpiModeCommand> {
        let port = IoPort::of_block(u64::from(self.u32(SMI_COMMAND)), 1)?;
        let (enable, disable) = (self.u8(ACPI_ENABLE), self.u8(ACPI_DISABLE));
        (enable != 0 && !self.has_flag(HARDWARE_REDUCED)).then_some(AcpiModeCommand { port, enable, disable })
    }

    /// The timer, if there is one.
    ///
    /// # Errors
    /// When it cannot lie where the table says.
    pub fn pm_timer(&self) -> Result<Option<PmTimer>, FadtError> {
        let length_bytes = u16::from(self.u8(PM_TIMER.length));
        if length_bytes != PM_TIMER.needed_bytes || self.has_flag(HARDWARE_REDUCED) {
            return Ok(None);
        }
        let width = if self.has_flag(TIMER_HAS_32_BITS) {
            PmTimerWidth::Bits32
        } else {
            PmTimerWidth::Bits24
        };
        let port = PM_TIMER.first_port(self)?;
        Ok(port.map(|port| PmTimer { port, width }))
    }

    /// Whether there is a keyboard controller.
    #[must_use]
    pub fn keyboard_controller(&self) -> KeyboardController {
        if self.u8(REVISION) < REVISION_WITH_BOOT_ARCH {
            KeyboardController::Unknown
        } else if self.u16(IAPC_BOOT_ARCH) & HAS_8042 != 0 {
            KeyboardController::Present
        } else {
            KeyboardController::Absent
        }
    }
}
