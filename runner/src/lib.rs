//! Boots Limelight in QEMU: what `cargo run` does, and what the booted tests stand on.
//!
//! - [`Machine`] describes the machine, [`Running`] runs it, [`Ending`] says how it ended.
//! - [`built`] names what the build made: kernel, program, loader, ISO.
//! - [`pack_for`] packs an ISO of other contents with the tools of this host.

pub mod built;
mod console;
mod ending;
mod firmware;
mod given_options;
mod machine;
mod packing;
mod qemu;
mod qemu_command;
mod qmp;
mod running;

pub use ending::Ending;
pub use firmware::{FirmwareFiles, FirmwareKind, OvmfNotFound, find_ovmf};
pub use machine::{BootMedium, Debugger, Display, EventLog, Machine, SerialPort};
pub use packing::{LoaderKind, PackError, find_boot_loader, pack_for};
pub use qemu::Qemu;
pub use qmp::QmpError;
pub use running::{NotSeen, Running, StartError};
