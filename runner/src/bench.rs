//! `./dev bench`: counts guest instructions.
//!
//! QEMU counts: under `-icount shift=0,sleep=off` one tick of the guest's time stamp counter is one instruction, and
//! nothing depends on the host's speed. The test kernel measures itself and logs each value; here they are gathered into
//! a table and into `target/bench.json`. The machine, the boot loader and the clock's start are fixed, so two runs give
//! the same values.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use iso_image::{BootText, Host, IsoName, Module, Payload, TextError};

use crate::bench_table::{Row, table};
use crate::built;
use crate::ending::Ending;
use crate::firmware::FirmwareFiles;
use crate::machine::{Display, Machine, SerialPort};
use crate::out_dir::target_dir;
use crate::packing::{LoaderKind, PackError, pack_for};
use crate::preparation::{PreparationError, find_qemu};
use crate::qemu::Qemu;
use crate::run_errors::StartError;
use crate::running::Running;
use crate::say::say;
use crate::serial_log::{last_lines, measured_values};
use crate::stop_signals::stop_runs_on_signals;

/// How long one boot may take: some fifty times what it needs.
const LIMIT: Duration = Duration::from_mins(5);

/// All that QEMU emulates but x2APIC: QEMU 10.0 ends with "Bad icount read" when a timer in x2APIC mode is used while it
/// counts.
const CPU_MODEL: &str = "max,-x2apic";

/// The boots: what the kernel is told, whether the machine has a screen, and how many processors.
const BOOTS: [(&str, Display, u32); 3] = [
    ("scenario=bench", Display::NoAdapter, 1),
    ("scenario=bench_with_screen", Display::Headless, 1),
    ("scenario=bench_on_two", Display::NoAdapter, 2),
];

/// What the kernel says instead of measuring, when it was built without optimisation.
const NOT_OPTIMISED: &str = "This kernel is not optimised";

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BenchImages {
    /// The kernel with measuring loops.
    pub test_kernel: &'static Path,
    /// The program that measures what the kernel costs it.
    pub measuring_program: &'static Path,
}

/// Why there are no values.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The kernel is not what people boot.
    #[error("this build is not optimised, its numbers would mean nothing: `cargo run --release --package bench`")]
    NotOptimised,
    /// Something is missing.
    #[error(transparent)]
    Preparation(#[from] PreparationError),
    /// A command line that cannot be passed on.
    #[error(transparent)]
    Text(#[from] TextError),
    /// No ISO.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// QEMU could not be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A file could not be written or read.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The host's reason.
        source: std::io::Error,
    },
    /// The kernel did not get through.
    #[error("{command_line}: ended with {ending:?}. The last lines of the log:\n{log}")]
    Ending {
        /// What the kernel was told.
        command_line: &'static str,
        /// How it ended.
        ending: Ending,
        /// The end of its log.
        log: String,
    },
}

/// Measures, prints a table, and writes the values to a file. Returns whether all rows are there and within their limits.
///
/// # Errors
/// [`BenchError`].
pub fn bench(images: &BenchImages) -> Result<bool, BenchError> {
    let qemu = find_qemu(&Host::of_this_process())?;
    stop_runs_on_signals();
    let folder = tempfile::tempdir().map_err(|source| file_error(&std::env::temp_dir(), source))?;
    let mut values = Vec::new();
    for (command_line, display, cpus) in BOOTS {
        let log = boot(&qemu, images, folder.path(), command_line, display, cpus)?;
        values.extend(measured_values(&log));
    }
    let rows = Row::all(&values);
    // The table is what was asked for, so it goes to standard output.
    print!("{}", table(&rows));
    let file = target_dir().join("bench.json");
    fs::write(&file, json(&rows)).map_err(|source| file_error(&file, source))?;
    say(&format!("\nWritten to {}", crate::out_dir::short(&file)));
    Ok(rows.iter().all(Row::is_good))
}

/// One boot: its log.
fn boot(
    qemu: &Qemu,
    images: &BenchImages,
    folder: &Path,
    command_line: &'static str,
    display: Display,
    cpus: u32,
) -> Result<String, BenchError> {
    let mut contents = built::contents()?;
    contents.kernel = Some(Payload::Program(images.test_kernel.to_owned()));
    contents.command_line = BootText::new(command_line)?;
    contents.modules.push(Module {
        name: IsoName::new("measuring_program")?,
        payload: Payload::Program(images.measuring_program.to_owned()),
        string: BootText::default(),
    });
    let (iso, log) = (folder.join("bench.iso"), folder.join("serial.log"));
    pack_for(Some(LoaderKind::Grub), &contents, &iso)?;
    let mut machine = Machine::new(iso, FirmwareFiles::Bios);
    machine.display = display;
    machine.cpus = cpus;
    machine.serial = SerialPort::File(log.clone());
    machine.qemu_arguments = [
        "-accel",
        "tcg",
        "-icount",
        "shift=0,sleep=off",
        "-cpu",
        CPU_MODEL,
        "-m",
        "128",
        "-rtc",
        "base=2026-01-01,clock=vm",
    ]
    .map(Into::into)
    .into();
    say(&format!("Measuring: {command_line}"));
    let ending = Running::start(qemu, &machine)?.wait(LIMIT);
    let bytes = fs::read(&log).map_err(|source| file_error(&log, source))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    match ending {
        Ending::Passed => Ok(text),
        Ending::Failed if text.contains(NOT_OPTIMISED) => Err(BenchError::NotOptimised),
        ending => Err(BenchError::Ending {
            command_line,
            ending,
            log: last_lines(&text),
        }),
    }
}

/// An error of a file.
fn file_error(path: &Path, source: std::io::Error) -> BenchError {
    BenchError::File {
        path: path.to_owned(),
        source,
    }
}

/// The values for programs.
fn json(rows: &[Row]) -> String {
    let values: Vec<_> = rows
        .iter()
        .filter_map(|row| {
            row.value
                .map(|value| serde_json::json!({ "name": row.name, "unit": row.unit, "value": value }))
        })
        .collect();
    format!("{:#}\n", serde_json::Value::from(values))
}
