//! Reads the registers of power management from the FADT: to switch the machine off, and to measure time.

use super::{Fadt, FadtError, REVISION};
use crate::generic_address::{AddressSpace, GenericAddress, IoPort};

/// Offset of the port for commands to the firmware.
const SMI_COMMAND: usize = 48;
/// Offset of the command that enters ACPI mode.
const ACPI_ENABLE: usize = 52;
/// Offset of the command that leaves ACPI mode.
const ACPI_DISABLE: usize = 53;
/// Offset of the boot architecture flags.
const IAPC_BOOT_ARCH: usize = 109;
/// Boot architecture flag: there is a keyboard controller.
const HAS_8042: u16 = 1 << 1;
/// The first revision with boot architecture flags.
const REVISION_WITH_BOOT_ARCH: u8 = 2;
/// Flag: the timer has 32 bits, not 24.
const TIMER_HAS_32_BITS: u32 = 1 << 8;
/// Flag: there are no fixed registers.
const HARDWARE_REDUCED: u32 = 1 << 20;
/// Offset of the length of the timer's block.
const PM_TIMER_LENGTH: usize = 91;

/// First block of the PM1 control registers.
const PM1A_CONTROL: RegisterBlock = RegisterBlock::new("PM1a_CNT_BLK", 64, 172, 2);
/// Second block of the PM1 control registers.
const PM1B_CONTROL: RegisterBlock = RegisterBlock::new("PM1b_CNT_BLK", 68, 184, 2);
/// The timer.
const PM_TIMER: RegisterBlock = RegisterBlock::new("PM_TMR_BLK", 76, 208, 4);

/// The PM1 control registers. Each value is written to both blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pm1Control {
    /// 16-bit register of block a.
    pub a: IoPort,
    /// 16-bit register of block b, if there is one.
    pub b: Option<IoPort>,
}

/// The commands that switch the firmware between ACPI mode and legacy mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcpiModeCommand {
    /// The port for commands.
    pub port: IoPort,
    /// Enters ACPI mode.
    pub enable: u8,
    /// Leaves ACPI mode.
    pub disable: u8,
}

/// Whether there is a keyboard controller, which can reset the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyboardController {
    /// There is one.
    Present,
    /// There is none: its ports may belong to another device.
    Absent,
    /// The table is too old to have the flag.
    Unknown,
}

/// The power management timer, a counter of 3,579,545 Hz.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PmTimer {
    /// Its 32-bit register.
    pub port: IoPort,
    /// Width of the counter.
    pub width: PmTimerWidth,
}

/// Width of the power management timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PmTimerWidth {
    /// It wraps around after 4.7 seconds.
    Bits24,
    /// It wraps around after 20 minutes.
    Bits32,
}

impl Fadt {
    /// The PM1 control registers. `None` on machines without fixed registers.
    ///
    /// # Errors
    /// If such registers cannot be at the address in the table.
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

    /// The commands for ACPI mode. `None` where the machine is always in ACPI mode.
    #[must_use]
    pub fn acpi_mode_command(&self) -> Option<AcpiModeCommand> {
        let port = IoPort::of_block(u64::from(self.u32(SMI_COMMAND)), 1)?;
        let (enable, disable) = (self.u8(ACPI_ENABLE), self.u8(ACPI_DISABLE));
        (enable != 0 && !self.has_flag(HARDWARE_REDUCED)).then_some(AcpiModeCommand { port, enable, disable })
    }

    /// The timer, if there is one.
    ///
    /// # Errors
    /// If it cannot be at the address in the table.
    pub fn pm_timer(&self) -> Result<Option<PmTimer>, FadtError> {
        let length_bytes = u16::from(self.u8(PM_TIMER_LENGTH));
        if length_bytes != PM_TIMER.length_bytes || self.has_flag(HARDWARE_REDUCED) {
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

/// A block of fixed registers. The older field of the FADT has an I/O port, the newer one a generic address.
struct RegisterBlock {
    /// The older field, by ACPI's name.
    field: &'static str,
    /// Offset of the older field.
    port: usize,
    /// Offset of the newer field.
    address: usize,
    /// Length of the registers that the kernel uses.
    length_bytes: u16,
}

impl RegisterBlock {
    const fn new(field: &'static str, port: usize, address: usize, length_bytes: u16) -> Self {
        Self {
            field,
            port,
            address,
            length_bytes,
        }
    }

    /// First port of the block, `None` if there is no such block. The newer field is preferred, unless it is null or
    /// invalid.
    fn first_port(&self, fadt: &Fadt) -> Result<Option<IoPort>, FadtError> {
        let newer = fadt.generic_address(self.address);
        let older = GenericAddress {
            space: AddressSpace::IO_PORTS,
            address: fadt.address_32(self.port),
            ..newer
        };
        let mut outcome = Ok(None);
        for address in [newer, older].into_iter().filter(|field| !field.address.is_null()) {
            match self.check(address) {
                Ok(port) => return Ok(Some(port)),
                Err(error) => outcome = outcome.and(Err(error)),
            }
        }
        outcome
    }

    /// Validates the address of the block.
    fn check(&self, alleged: GenericAddress) -> Result<IoPort, FadtError> {
        if alleged.space != AddressSpace::IO_PORTS {
            return Err(FadtError::NotPorts {
                field: self.field,
                space: alleged.space,
            });
        }
        IoPort::of_block(alleged.address.as_u64(), self.length_bytes).ok_or(FadtError::Ports {
            field: self.field,
            address: alleged.address,
        })
    }
}
