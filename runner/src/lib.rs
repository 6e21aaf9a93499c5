//! Boots Limelight in QEMU: what `cargo run` does, and what the booted tests stand on.
//!
//! - [`Machine`] describes the machine, [`Running`] runs it, [`Ending`] says how it ended.
//! - [`built`] names what the build made: kernel, program, loader, ISO.
//! - [`pack_for`] packs an ISO of other contents with the tools of this host.
//! - [`boot`] is a whole `cargo run`, with the [`Options`] of a [`Task`].

mod announcement;
mod arguments;
mod bench;
mod bench_table;
mod boot_times;
pub mod built;
mod console;
mod debugger_port;
mod die_with_us;
mod doctor;
mod end_report;
mod ending;
mod event_record;
mod exit_codes;
mod firmware;
mod foreign_settings;
mod given_options;
mod install_lines;
mod machine;
pub mod out_dir;
mod packing;
mod preparation;
mod process_end;
mod program_watch;
mod qemu;
mod qemu_command;
mod qmp;
mod reset_explanation;
mod reset_report;
mod run_errors;
mod run_files;
mod running;
mod say;
mod serial_log;
mod session;
mod stop_signals;
mod terminal_style;

pub use arguments::{ArgumentError, Options, Task};
pub use bench::{BenchError, BenchImages, bench};
pub use debugger_port::{PortTaken, SeveralDebuggers};
pub use doctor::{Examination, examine, what_is_missing};
pub use end_report::ProgramEnd;
pub use ending::Ending;
pub use exit_codes::ExitCode as RunnerExitCode;
pub use firmware::{FirmwareFiles, FirmwareKind, OvmfNotFound, find_ovmf};
pub use install_lines::Tool;
pub use machine::{BootMedium, Debugger, Display, EndChannel, EventLog, Machine, SerialPort};
pub use packing::{LoaderKind, PackError, find_boot_loader, pack_for};
pub use preparation::PreparationError;
pub use qemu::Qemu;
pub use qmp::QmpError;
pub use reset_report::{ExceptionRecord, last_exceptions};
pub use run_errors::{NotSeen, StartError};
pub use running::Running;
pub use say::say;
pub use serial_log::{has_panic, last_lines, without_colours};
pub use session::{SessionError, boot, fail};
