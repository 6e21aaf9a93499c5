//! gdb with the shipped `.gdbinit`: it stops at the kernel's entry, on an AP, and in the program, with source lines and variables.
//!
//! The entry has neither arguments nor variables: gdb must say so, which requires debug information.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use libtest_mimic::Failed;
use runner::{Debugger, FirmwareKind, built};

use crate::booted::Booted;
use crate::host::{FIRMWARES, boot_limit_s, firmware_name, machine, new_path, shipped_iso};
use crate::limited_command::LimitedCommand;
use crate::scenario::{Deadline, Outcome, Scenario};

/// Commands for gdb after the shipped `.gdbinit`. Markers separate the answers at each stop.
const KERNEL_QUESTIONS: [&str; 14] = [
    "continue",
    "echo first stop:\\n",
    "frame",
    "info args",
    "info locals",
    "echo end of the first stop\\n",
    "hbreak entry_point_from_limine_mp",
    "continue",
    "echo second stop:\\n",
    "frame",
    "info args",
    "info locals",
    "print *mp_info",
    "kill",
];

/// Commands at the kernel's entry: set a breakpoint in the program by function name and one by line, print the state at
/// each, then detach. `BY_LINE` is replaced.
const PROGRAM_QUESTIONS: [&str; 15] = [
    "continue",
    "delete",
    "hbreak tour::main",
    "hbreak BY_LINE",
    "continue",
    "echo first stop:\\n",
    "backtrace",
    "info args",
    "echo end of the first stop\\n",
    "continue",
    "echo second stop:\\n",
    "backtrace",
    "print first <= second",
    "delete",
    "detach",
];

/// Source file of the program in which gdb stops.
const PROGRAM_SOURCE: &str = "user_mode_program_0/src/tour.rs";

/// A line of that file at which the variables have their values.
const PROGRAM_LINE: &str = "    first <= second";

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for kind in FIRMWARES {
        let (firmware, limit_s) = (firmware_name(kind), boot_limit_s(kind) * 2);
        scenarios.push(Scenario::new(
            format!("debugger::gdb_stops_at_the_entry_and_on_an_ap_on_{firmware}"),
            limit_s,
            move |deadline| stops_in_the_kernel(kind, deadline),
        ));
    }
    scenarios.push(Scenario::new(
        "debugger::gdb_stops_in_the_program_by_name_and_by_line",
        2 * boot_limit_s(FirmwareKind::Bios),
        stops_in_the_program,
    ));
    scenarios
}

/// A machine that waits for gdb, and a gdb that has run all commands.
struct Session {
    booted: Booted,
    /// gdb, which has ended.
    gdb: LimitedCommand,
    /// gdb's output at the first stop, up to the marker.
    first_stop: String,
    /// gdb's output from the second stop on.
    second_stop: String,
}

impl Session {
    /// Runs all commands, and splits the output at the markers.
    fn hold(kind: FirmwareKind, questions: &[&str], deadline: Deadline) -> Result<Self, Failed> {
        let port = free_port()?;
        let mut machine = machine(kind, &shipped_iso()?)?;
        machine.debugger = Some(Debugger { port });
        let booted = Booted::start(&machine, deadline)?;
        let mut gdb = start_gdb(port, questions, deadline)?;
        gdb.wait()?;
        let output = gdb.output();
        let (_, stops) = output
            .split_once("first stop:\n")
            .ok_or_else(|| gdb.failed("gdb never stopped"))?;
        // gdb's message about the second breakpoint contains the second function's name, so it belongs to neither stop.
        let (first_stop, rest) = stops
            .split_once("end of the first stop\n")
            .ok_or_else(|| gdb.failed("gdb ended at the first stop"))?;
        let (_, second_stop) = rest
            .split_once("second stop:\n")
            .ok_or_else(|| gdb.failed("gdb stopped only once"))?;
        let (first_stop, second_stop) = (first_stop.to_owned(), second_stop.to_owned());
        Ok(Self {
            booted,
            gdb,
            first_stop,
            second_stop,
        })
    }

    /// Fails unless the output at the stop contains each of the texts.
    fn expect(&self, stop: &str, all: &[(&str, &str)]) -> Outcome {
        match all.iter().find(|(wanted, _)| !stop.contains(wanted)) {
            None => Ok(()),
            Some((wanted, what)) => Err(self.gdb.failed(&format!("{what} is missing: no {wanted:?}"))),
        }
    }
}

/// Checks the source line and the variables at two stops in the kernel.
fn stops_in_the_kernel(kind: FirmwareKind, deadline: Deadline) -> Outcome {
    let session = Session::hold(kind, &KERNEL_QUESTIONS, deadline)?;
    session.expect(
        &session.first_stop,
        &[
            ("entry_point_from_limine (", "the function of the first stop"),
            ("kernel/src/main.rs:", "the source line of the first stop"),
            ("No arguments.", "the lack of arguments at the first stop"),
            ("No locals.", "the lack of variables at the first stop"),
        ],
    )?;
    session.expect(
        &session.second_stop,
        &[
            ("entry_point_from_limine_mp", "the function of the second stop"),
            ("kernel/src/lib.rs:", "the source line of the second stop"),
            ("mp_info = 0x", "the argument of the second stop"),
            ("lapic_id: ", "what the argument points to"),
        ],
    )
}

/// Checks the program's frames, arguments and variables at two stops. After gdb detaches, the program runs to its end.
fn stops_in_the_program(deadline: Deadline) -> Outcome {
    let by_line = format!("hbreak {PROGRAM_SOURCE}:{}", line_number()?);
    let questions = PROGRAM_QUESTIONS.map(|question| {
        if question == "hbreak BY_LINE" {
            &by_line
        } else {
            question
        }
    });
    let mut session = Session::hold(FirmwareKind::Bios, &questions, deadline)?;
    session.expect(
        &session.first_stop,
        &[
            (
                "#0  user_mode_program_0::tour::main (",
                "the function of the first stop",
            ),
            (PROGRAM_SOURCE, "the source line of the first stop"),
            ("program_runtime::start::start (", "who called it"),
            (
                "user_mode_program_0::entry_point (",
                "where the kernel entered the program",
            ),
            ("arguments = ", "the argument of the first stop"),
        ],
    )?;
    let place = format!("{PROGRAM_SOURCE}:{}\n", line_number()?);
    session.expect(
        &session.second_stop,
        &[
            (
                "#0  user_mode_program_0::tour::tells_the_time (",
                "the function of the second stop",
            ),
            (&place, "the source line of the second stop"),
            ("#1  0x", "who called it"),
            ("user_mode_program_0::tour::main (", "the caller's name"),
            ("$1 = true", "what its variables say"),
        ],
    )?;
    session.booted.expect("program user_mode_program_0 exited with code 0")
}

/// Returns the number of [`PROGRAM_LINE`].
fn line_number() -> Result<usize, Failed> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PROGRAM_SOURCE);
    let text = fs::read_to_string(source)?;
    let at = text.lines().position(|line| line == PROGRAM_LINE);
    at.map(|index| index + 1)
        .ok_or_else(|| format!("{PROGRAM_SOURCE} has no line {PROGRAM_LINE:?}").into())
}

/// Starts gdb with the commands, and without the user's configuration files.
fn start_gdb(port: u16, questions: &[&str], deadline: Deadline) -> Result<LimitedCommand, Failed> {
    let mut command = Command::new("gdb");
    command
        .current_dir(working_folder()?)
        .args(["-nx", "-batch", "-ex", &format!("set $port = {port}"), "-x"])
        .arg(gdbinit());
    for question in questions {
        command.args(["-ex", question]);
    }
    LimitedCommand::start(&mut command, deadline)
}

/// Returns a free port that no other scenario gets.
pub(crate) fn free_port() -> Result<u16, Failed> {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN
        .lock()
        .map_err(|_| "another scenario panicked while it looked for a port")?;
    loop {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        if given.insert(port) {
            return Ok(port);
        }
    }
}

/// The repository's `.gdbinit`.
fn gdbinit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../.gdbinit")
}

/// Makes a folder that looks to `.gdbinit` like the repository's root, with the files of the tested build.
fn working_folder() -> Result<PathBuf, Failed> {
    let root = new_path("debugged");
    fs::create_dir_all(root.join("runner"))?;
    let link = root.join("runner/out_dir");
    symlink(built::out_dir(), link)?;
    Ok(root)
}
