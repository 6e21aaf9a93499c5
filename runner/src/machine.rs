//! The machine that is booted: what a person or a test chooses, with the defaults of `cargo run`.

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

/// What shows the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Display {
    /// A window, as QEMU opens it by default.
    Window,
    /// Nothing; the screen exists and can be photographed.
    Headless,
    /// Nothing, and the machine has no display adapter.
    NoAdapter,
}

/// Where the first serial port goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SerialPort {
    /// This process's terminal, shared with QEMU's monitor (Ctrl-A X quits). What is written there is captured too.
    Terminal,
    /// Captured only.
    Captured,
    /// Written to a file, as fast as the machine writes: nobody who reads it slows the machine down.
    File(PathBuf),
}

/// Which events QEMU records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventLog {
    /// Resets of CPUs: enough to notice a triple fault, and costs nothing.
    Resets,
    /// Every exception and interrupt too: slow, and explains a triple fault.
    Interrupts,
}

/// Whether the kernel has a channel of its own to this host, on which it tells how a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndChannel {
    /// It has none.
    Absent,
    /// QEMU's device `isa-debugcon` is there, and what it is told is kept.
    Kept,
}

/// What a debugger finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Debugger {
    /// TCP port on this host on which QEMU listens for it.
    pub port: u16,
}

/// A machine to boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// BIOS or UEFI, and its files.
    pub firmware: FirmwareFiles,
    /// The ISO. It is never written to.
    pub iso: PathBuf,
    /// How the firmware sees it.
    pub boot_medium: BootMedium,
    /// CPU model and features, as QEMU's `-cpu` has them.
    pub cpu_model: String,
    /// Number of CPUs.
    pub cpus: u32,
    /// Memory.
    pub memory_mib: u32,
    /// What shows the screen.
    pub display: Display,
    /// Where the first serial port goes.
    pub serial: SerialPort,
    /// Which events QEMU records.
    pub event_log: EventLog,
    /// Where the kernel tells how a program ended.
    pub end_channel: EndChannel,
    /// Waits for a debugger before the first instruction.
    pub debugger: Option<Debugger>,
    /// More devices and the like, which replace no default.
    pub extra_arguments: Vec<OsString>,
    /// QEMU arguments as a person typed them: they come last, and a default of ours that they name is dropped.
    pub qemu_arguments: Vec<OsString>,
}

impl Machine {
    /// The machine of `cargo run`: `-M q35 -cpu max -smp 4 -m 256M`, without a window, the serial port captured.
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
