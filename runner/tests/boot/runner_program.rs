//! `cargo run` from end to end: runs the program `runner` as a user does.
//!
//! The tests end QEMU as a user does, with Ctrl-A X.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use libtest_mimic::Failed;
use runner::Qemu;
use rustix::process::Signal;

use crate::host::{TEST_LOADER, file, new_path, qemu, test_kernel_iso};
use crate::limited_command::LimitedCommand;
use crate::scenario::{Deadline, Outcome, Scenario};

/// Key sequence that ends a QEMU whose serial port is the terminal.
pub(crate) const CTRL_A_X: &[u8] = b"\x01x";

/// QEMU arguments after ours, and the resulting number of processors.
const PASSED_ON: [(&str, &[&str], u32); 5] = [
    ("no_arguments", &[], 4),
    ("nographic", &["--nographic"], 4),
    ("no_reboot", &["--no-reboot"], 4),
    ("d_int", &["-d", "int"], 4),
    ("smp_8", &["--smp", "8"], 8),
];

/// Rule, time limit in seconds, and check.
type Case = (&'static str, u64, fn(Deadline) -> Outcome);

/// The scenarios that are one function each.
const OTHERS: [Case; 9] = [
    ("refuses_an_own_option_after_a_foreign_one", 15, refuses_late_option),
    ("hands_the_command_line_to_the_kernel", 30, hands_command_line),
    ("takes_another_program", 30, takes_program),
    ("writes_no_escape_sequence_to_a_pipe_or_a_file", 60, writes_plain_text),
    (
        "names_the_process_that_holds_the_debuggers_port",
        15,
        names_holder_of_port,
    ),
    (
        "a_signal_stops_qemu_and_removes_the_temporary_folder",
        30,
        stops_on_signals,
    ),
    ("two_runs_at_once_boot_their_own_isos", 30, boots_own_isos),
    ("explains_a_triple_fault", 60, explains_triple_fault),
    ("tells_of_a_panic_by_its_exit_code", 30, tells_of_panic),
];

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut scenarios: Vec<_> = PASSED_ON
        .into_iter()
        .map(|(name, arguments, cpus)| {
            Scenario::new(format!("runner_program::boots_with_{name}"), 30, move |deadline| {
                boots(&["--firmware", "bios", "--headless"], arguments, cpus, deadline)
            })
        })
        .collect();
    scenarios.push(Scenario::new("runner_program::boots_on_uefi", 60, |deadline| {
        boots(&["--firmware", "uefi", "--headless"], &[], 4, deadline)
    }));
    // It takes the picture after 5 seconds.
    scenarios.push(Scenario::new("runner_program::writes_a_screenshot", 30, writes_screenshot).alone());
    // Both use the debugger's default port.
    let rule = "runner_program::debug_waits_for_gdb_and_says_how_to_attach_it";
    scenarios.push(Scenario::new(rule, 30, waits_for_debugger).alone());
    scenarios.extend(OTHERS.map(|(rule, limit_s, run)| Scenario::new(format!("runner_program::{rule}"), limit_s, run)));
    scenarios.push(Scenario::new("slow::runner_program_boots_300_cpus", 240, boots_300));
    scenarios
}

/// Starts the runner in the repository's root.
pub(crate) fn start(arguments: &[&str], deadline: Deadline) -> Result<LimitedCommand, Failed> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
    LimitedCommand::start(command.current_dir(root).args(arguments), deadline)
}

/// Boots until every processor idles, then ends QEMU from the terminal.
fn boots(own: &[&str], foreign: &[&str], cpus: u32, deadline: Deadline) -> Outcome {
    let mut runner = start(&[own, foreign].concat(), deadline)?;
    runner.expect("[0] INFO  Hello from BSP")?;
    runner.expect(&format!("All {cpus} processors are up and idle"))?;
    runner.type_bytes(CTRL_A_X)?;
    runner.wait().map(drop)
}

/// Checks that an option of the runner among QEMU's is an error that names it, and that nothing boots.
fn refuses_late_option(deadline: Deadline) -> Outcome {
    let mut runner = start(&["--firmware", "bios", "-smp", "8", "--headless"], deadline)?;
    let status = runner.wait()?;
    let output = runner.output();
    if status.success() || !output.contains("--headless") || output.contains("Hello from BSP") {
        return Err(runner.failed("expected an error that names --headless"));
    }
    Ok(())
}

/// Checks that the kernel parses the command line, and warns of an unknown word.
fn hands_command_line(deadline: Deadline) -> Outcome {
    let text = "log.level=debug strange.word=7";
    let mut runner = start(&["--firmware", "bios", "--headless", "--cmdline", text], deadline)?;
    runner.expect("are up and idle")?;
    let warns = |line: &str| line.contains("WARN ") && line.contains("strange.word");
    if !runner.output().lines().any(warns) {
        return Err(runner.failed("the kernel did not warn of the unknown word"));
    }
    runner.type_bytes(CTRL_A_X)?;
    runner.wait().map(drop)
}

/// Checks that another file can replace the program, unchanged: its debug information stays.
fn takes_program(deadline: Deadline) -> Outcome {
    let program = file("other_program", &fs::read(TEST_LOADER)?)?;
    let path = program.to_string_lossy().into_owned();
    let mut runner = start(&["--firmware", "bios", "--headless", "--program", &path], deadline)?;
    runner.expect("are up and idle")?;
    let size_bytes = fs::metadata(&program)?.len();
    let wanted = format!("Module /user_mode_program_0: {size_bytes} bytes");
    if !runner.output().contains(&wanted) {
        return Err(runner.failed(&format!("no line {wanted:?}")));
    }
    runner.type_bytes(CTRL_A_X)?;
    runner.wait().map(drop)
}

/// Checks that `--screenshot` writes a readable picture that is not empty.
fn writes_screenshot(deadline: Deadline) -> Outcome {
    let png = new_path("by_the_runner.png");
    let path = png.to_string_lossy().into_owned();
    let mut runner = start(
        &[
            "--firmware",
            "bios",
            "--headless",
            "--timeout",
            "5",
            "--screenshot",
            &path,
        ],
        deadline,
    )?;
    runner.wait()?;
    let picture = crate::picture::Picture::read(&png).map_err(|_| runner.failed("no picture was written"))?;
    let white = picture.share_of(embedded_graphics::prelude::RgbColor::WHITE);
    if white > 0.0 {
        Ok(())
    } else {
        Err(runner.failed("the picture has no white pixel"))
    }
}

/// Checks that `--debug` holds the machine before its first instruction, on the port of the editor's tasks.
fn waits_for_debugger(deadline: Deadline) -> Outcome {
    if TcpListener::bind(("127.0.0.1", 1234)).is_err() {
        return Err("port 1234 of this host is in use: another machine waits for a debugger?".into());
    }
    let mut runner = start(&["--firmware", "bios", "--headless", "--debug"], deadline)?;
    runner.expect("Waiting for a debugger on localhost:1234")?;
    if !runner.output().contains("gdb") || runner.output().contains("Hello from") {
        return Err(runner.failed("expected the line that starts gdb, and no word of the kernel"));
    }
    runner.type_bytes(CTRL_A_X)?;
    runner.wait().map(drop)
}

/// Checks that the runner removes all colours from its output, including the firmware's, and that QEMU's own log file
/// has none.
fn writes_plain_text(deadline: Deadline) -> Outcome {
    let log = crate::host::folder().join("serial_file.log");
    let device = format!("file:{}", log.display());
    for (foreign, end) in [(&[][..], "are up and idle"), (&["-serial", &device], "Command:")] {
        let mut runner = start(&[&["--firmware", "bios", "--headless"], foreign].concat(), deadline)?;
        runner.expect(end)?;
        let is_complete = || fs::read_to_string(&log).is_ok_and(|text| text.contains("are up and idle"));
        while !foreign.is_empty() && !is_complete() && !deadline.left().is_zero() {
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        if runner.raw_output().contains(&0x1b) {
            return Err(runner.failed("an escape sequence was printed"));
        }
        rustix::process::kill_process(runner.pid(), Signal::TERM)?;
        runner.wait()?;
    }
    let text = fs::read_to_string(&log)?;
    if text.contains('\u{1b}') || !text.contains("[0] INFO  Hello from BSP\r\n") {
        return Err(format!("the file of -serial has escape sequences, or no line of the kernel's:\n{text}").into());
    }
    Ok(())
}

/// Checks that the runner names the process that holds the debugger's port, and does not start QEMU.
fn names_holder_of_port(deadline: Deadline) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let device = format!("tcp:127.0.0.1:{}", listener.local_addr()?.port());
    let mut runner = start(&["--firmware", "bios", "--headless", "-gdb", &device], deadline)?;
    let status = runner.wait()?;
    let holder = format!("is taken by process {} (", std::process::id());
    if status.code() != Some(125) || !runner.output().contains(&holder) || runner.output().contains("Command:") {
        return Err(runner.failed(&format!("expected exit code 125, {holder:?} and no start of QEMU")));
    }
    Ok(())
}

/// Checks that signals end the runner and QEMU, and that the runner removes its temporary folder first.
fn stops_on_signals(deadline: Deadline) -> Outcome {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let temporary = tempfile::tempdir()?;
        // A shell without job control ignores SIGINT in what it starts in the background, and the runner keeps that.
        let mut command = Command::new("env");
        command.args(["--default-signal", env!("CARGO_BIN_EXE_runner")]);
        command.current_dir(root).env("TMPDIR", temporary.path());
        command.args(["--firmware", "bios", "--headless", "-S"]);
        let mut runner = LimitedCommand::start(&mut command, deadline)?;
        runner.expect("Command:")?;
        while fs::read_dir(temporary.path())?.next().is_none() {
            std::thread::yield_now();
        }
        rustix::process::kill_process(runner.pid(), signal)?;
        let status = runner.wait()?;
        let left: Vec<_> = fs::read_dir(temporary.path())?.collect();
        if status.code() != Some(code) || !left.is_empty() {
            return Err(runner.failed(&format!("it ended with {status} and left {left:?}")));
        }
    }
    Ok(())
}

/// Checks that runs with different dates, side by side, each boot the ISO of their own date.
fn boots_own_isos(deadline: Deadline) -> Outcome {
    /// Offset of the volume's creation date: in the primary volume descriptor, sector 16 (ECMA-119, 8.4.26).
    const CREATION_DATE: usize = 16 * 2048 + 813;
    let mut runners = Vec::new();
    for (seconds, year) in [("1000000000", "2001"), ("1020000000", "2002")] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
        command.args(["--firmware", "bios", "--headless", "-S"]);
        command.env("SOURCE_DATE_EPOCH", seconds);
        runners.push((LimitedCommand::start(&mut command, deadline)?, year));
    }
    for (runner, _) in &mut runners {
        runner.expect("Command:")?;
    }
    for (mut runner, year) in runners {
        let output = runner.output();
        let (_, drive) = output.split_once("id=boot_medium").unwrap_or_default();
        let (_, file) = drive.split_once("file=").unwrap_or_default();
        let iso = fs::read(file.split_whitespace().next().unwrap_or_default())?;
        let date = iso.get(CREATION_DATE..).unwrap_or_default();
        if !date.starts_with(year.as_bytes()) {
            return Err(runner.failed(&format!("it boots an ISO that is not of {year}")));
        }
        rustix::process::kill_process(runner.pid(), Signal::TERM)?;
        runner.wait()?;
    }
    Ok(())
}

/// Boots another ISO: QEMU's `-set` overrides the drive's file.
fn start_with_iso(iso: &Path, deadline: Deadline) -> Result<LimitedCommand, Failed> {
    let file = format!("drive.boot_medium.file={}", iso.display());
    start(&["--firmware", "bios", "--headless", "-set", &file], deadline)
}

/// Checks that the runner reports a triple fault, boots again to record it, and names the exception.
fn explains_triple_fault(deadline: Deadline) -> Outcome {
    let mut runner = start_with_iso(&test_kernel_iso("scenario=fault")?, deadline)?;
    let status = runner.wait()?;
    let output = runner.output();
    for wanted in [
        "triple fault",
        "Executing an undefined instruction",
        "invalid opcode",
        "info line *0xffffffff8",
    ] {
        if !output.contains(wanted) {
            return Err(runner.failed(&format!("the explanation lacks {wanted:?}")));
        }
    }
    if status.code() == Some(123) {
        Ok(())
    } else {
        Err(runner.failed(&format!("it ended with {status}")))
    }
}

/// Checks for exit code 123, and the panic report on the terminal.
fn tells_of_panic(deadline: Deadline) -> Outcome {
    let mut runner = start_with_iso(&test_kernel_iso("scenario=panic")?, deadline)?;
    let status = runner.wait()?;
    if !runner.output().contains("deliberate, with a number: 42") {
        return Err(runner.failed("the report is not on the terminal"));
    }
    if status.code() == Some(123) {
        Ok(())
    } else {
        Err(runner.failed(&format!("it ended with {status}")))
    }
}

/// Runs the specification's whole command line; the runner chooses one thread for all processors.
fn boots_300(deadline: Deadline) -> Outcome {
    let qemu: &Qemu = qemu()?;
    if !qemu.has_x2apic() {
        return Err(format!(
            "QEMU {} emulates no x2APIC: 300 processors need QEMU 9 or newer",
            qemu.version()
        )
        .into());
    }
    let foreign = [
        "--machine",
        "q35",
        "--cpu",
        "qemu64,+x2apic",
        "-m",
        "1G",
        "--smp",
        "300",
    ];
    let mut runner = start(
        &[&["--firmware", "bios", "--headless"], &foreign[..]].concat(),
        deadline,
    )?;
    runner.expect("[0C1] INFO  Hello from AP")?;
    runner.expect("All 300 processors are up and idle")?;
    runner.type_bytes(CTRL_A_X)?;
    runner.wait().map(drop)
}
