//! gdb with the shipped `.gdbinit`: it stops at the kernel's entry and on an AP, with source lines and variables.
//!
//! The entry has neither arguments nor variables: there gdb has to know so, which it does not without debug information.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::Failed;
use runner::{Debugger, FirmwareKind, built};

use crate::booted::Booted;
use crate::host::{FIRMWARES, boot_limit_s, firmware_name, folder, machine, shipped_iso};
use crate::limited_command::LimitedCommand;
use crate::scenario::{Deadline, Outcome, Scenario};

/// What gdb is asked after the shipped `.gdbinit`; its answers at each stop are between marks.
const QUESTIONS: [&str; 14] = [
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

/// All of the subject.
pub(crate) fn scenarios() -> Vec<Scenario> {
    FIRMWARES
        .into_iter()
        .map(|kind| {
            let name = format!(
                "debugger::gdb_stops_at_the_entry_and_on_an_ap_on_{}",
                firmware_name(kind)
            );
            Scenario::new(name, boot_limit_s(kind) * 2, move |deadline| {
                stops_twice(kind, deadline)
            })
        })
        .collect()
}

/// Two stops, a source line at each, and the variables that there are.
fn stops_twice(kind: FirmwareKind, deadline: Deadline) -> Outcome {
    let port = free_port()?;
    let mut machine = machine(kind, &shipped_iso()?)?;
    machine.debugger = Some(Debugger { port });
    let booted = Booted::start(&machine, deadline)?;
    let mut gdb = start_gdb(port, deadline)?;
    gdb.wait()?;
    let output = gdb.output();
    let (_, stops) = output
        .split_once("first stop:\n")
        .ok_or_else(|| gdb.failed("gdb never stopped"))?;
    // What gdb says about the second breakpoint names the second function: it belongs to neither stop.
    let (first, rest) = stops
        .split_once("end of the first stop\n")
        .ok_or_else(|| gdb.failed("gdb gave up at the first stop"))?;
    let (_, second) = rest
        .split_once("second stop:\n")
        .ok_or_else(|| gdb.failed("gdb stopped only once"))?;
    for (stop, wanted, what) in [
        (first, "entry_point_from_limine (", "the function of the first stop"),
        (first, "kernel/src/main.rs:", "the source line of the first stop"),
        (first, "No arguments.", "the lack of arguments at the first stop"),
        (first, "No locals.", "the lack of variables at the first stop"),
        (second, "entry_point_from_limine_mp", "the function of the second stop"),
        (second, "kernel/src/lib.rs:", "the source line of the second stop"),
        (second, "mp_info = 0x", "the argument of the second stop"),
        (second, "lapic_id: ", "what the argument points to"),
    ] {
        if !stop.contains(wanted) {
            return Err(gdb.failed(&format!("{what} is missing: no {wanted:?}")));
        }
    }
    drop(booted);
    Ok(())
}

/// Starts gdb, without its own idea of configuration files, with everything that it is asked.
fn start_gdb(port: u16, deadline: Deadline) -> Result<LimitedCommand, Failed> {
    let mut command = Command::new("gdb");
    command
        .current_dir(working_folder()?)
        .args(["-nx", "-batch", "-ex", &format!("set $port = {port}"), "-x"])
        .arg(gdbinit());
    for question in QUESTIONS {
        command.args(["-ex", question]);
    }
    LimitedCommand::start(&mut command, deadline)
}

/// A port on which nobody listens.
pub(crate) fn free_port() -> Result<u16, Failed> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// The repository's `.gdbinit`.
fn gdbinit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../.gdbinit")
}

/// A folder that looks to `.gdbinit` like the repository's root, with the files of the build that is tested.
fn working_folder() -> Result<PathBuf, Failed> {
    let root = folder().join("debugged");
    fs::create_dir_all(root.join("runner"))?;
    let link = root.join("runner/out_dir");
    if link.symlink_metadata().is_err() {
        symlink(built::out_dir(), link)?;
    }
    Ok(root)
}
