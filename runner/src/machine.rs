//! The machine to boot: the choices of a user or test, with the defaults of `cargo run`.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::firmware::FirmwareFiles;

/// How the firmware sees the ISO.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum BootMedium {
    /// A CD in a SATA drive.
    Cd,
    /// A USB stick.
    Usb,
    /// A SATA disk.
    Hdd,
}

/// The display of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Display {
    /// A window, as QEMU opens it by default.
    Window,
    /// No window; the screen exists, and screenshots work.
    Headless,
    /// No window and no display adapter.
    NoAdapter,
}

/// Destination of the first serial port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SerialPort {
    /// This process's terminal, shared with QEMU's monitor (Ctrl-A X quits). The output is captured too.
    Terminal,
    /// Captured only.
    Captured,
    /// Written to a file at full speed, without a reader that could slow the machine down.
    File(PathBuf),
}

/// Events that QEMU records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventLog {
    /// Resets of CPUs: enough to recognise a triple fault, at no cost.
    Resets,
    /// Also every exception and interrupt: slow, but explains a triple fault.
    Interrupts,
}

/// Whether the machine has the second channel, on which the kernel reports the end of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndChannel {
    /// No second channel.
    Absent,
    /// QEMU's device `isa-debugcon`, whose output is captured.
    Kept,
}

/// Connection for a debugger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Debugger {
    /// TCP port of this host on which QEMU listens.
    pub port: u16,
}

/// A machine to boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Firmware, with its files.
    pub firmware: FirmwareFiles,
    /// The ISO. It is never changed.
    pub iso: PathBuf,
    /// How the firmware sees it.
    pub boot_medium: BootMedium,
    /// CPU model and features in the syntax of QEMU's `-cpu`.
    pub cpu_model: String,
    /// Number of CPUs.
    pub cpus: u32,
    /// Memory in the syntax of QEMU's `-m`.
    pub memory_mib: u32,
    /// The display of the screen.
    pub display: Display,
    /// Destination of the first serial port.
    pub serial: SerialPort,
    /// Events that QEMU records.
    pub event_log: EventLog,
    /// The second channel.
    pub end_channel: EndChannel,
    /// Connection for a debugger; the machine then waits before the first instruction.
    pub debugger: Option<Debugger>,
    /// More arguments, which replace no default.
    pub extra_arguments: Vec<OsString>,
    /// QEMU arguments of the user. They come last, and replace defaults of the same name.
    pub qemu_arguments: Vec<OsString>,
}

impl Machine {
    /// Creates the machine of `cargo run`: `-M q35 -cpu max -smp 4 -m 256M`, without a window, the serial port captured.
    #[must_use]
    pub fn new(iso: PathBuf, firmware: FirmwareFiles) -> Self {
        Self {
            firmware,
            iso,
            boot_medium: BootMedium::Cd,
            cpu_model: "max".to_owned(),
            cpus: 4,
            memory_mib: 256,
            display: Display::Headless,
            serial: SerialPort::Captured,
            event_log: EventLog::Resets,
            end_channel: EndChannel::Absent,
            debugger: None,
            extra_arguments: Vec::new(),
            qemu_arguments: Vec::new(),
        }
    }
}
