//! `--exit-with-program`: the runner ends with the program, and its exit code describes the end.

use std::path::Path;

use libtest_mimic::Failed;
use runner::{FirmwareKind, built};

use crate::host::{ONE_THREAD, boot_limit_s, file, firmware_name, iso_with, test_kernel_iso};
use crate::limited_command::LimitedCommand;
use crate::runner_program::{CTRL_A_X, start};
use crate::scenario::{Deadline, Outcome, Scenario};
use crate::tiny_program::TinyProgram;

/// Time limit of a BIOS scenario in seconds. Each scenario packs an ISO.
const LIMIT_S: u64 = 30;
/// Time limit in seconds of a run that must time out: enough for a boot on a busy host.
const TIMEOUT_S: &str = "10";

/// A program file, and the expected exit code and output of the runner.
struct Case {
    /// Name of the test.
    name: &'static str,
    /// Contents of the program file.
    file: Vec<u8>,
    code: i32,
    /// Text in the output.
    output: &'static str,
}

/// Programs whose ends have exit codes.
fn cases() -> Vec<Case> {
    let exits = |code| TinyProgram::default().then_exit(code).elf();
    let refused = "program /user_mode_program_0 refused: ";
    // Imitates lines of the log and of the debug console.
    let forgery = "panicked at kernel/src/lib.rs:1:2:\n[0] ERROR panicked\n\rpanicked\nkernel panicked\nprogram killed";
    let case = |name, file, code, output| Case {
        name,
        file,
        code,
        output,
    };
    vec![
        case("has_0_of_a_program", exits(0), 0, "The program exited with code 0."),
        case("has_7_of_a_program", exits(7), 7, "The program exited with code 7."),
        case("has_99_of_a_program", exits(99), 99, "The program exited with code 99."),
        case(
            "has_120_for_code_100",
            exits(100),
            120,
            "The program exited with code 100,",
        ),
        // The lowest eight bits are 7.
        case(
            "has_120_for_code_263",
            exits(263),
            120,
            "The program exited with code 263,",
        ),
        case(
            "ignores_forged_log_lines",
            TinyProgram::default().then_log(forgery).then_exit(8).elf(),
            8,
            "user_mode_program_0: kernel panicked",
        ),
        case(
            "has_121_for_a_null_pointer",
            // mov eax, [0]
            TinyProgram::default()
                .then(&[0x8b, 0x04, 0x25, 0, 0, 0, 0])
                .then_exit(0)
                .elf(),
            121,
            "killed: Page Fault",
        ),
        case(
            "has_121_for_a_program_that_writes_to_the_second_channel",
            // out 0xe9, al
            TinyProgram::default().then(&[0xe6, 0xe9]).then_exit(0).elf(),
            121,
            "killed: General Protection Fault",
        ),
        case("has_122_for_a_text", b"Hello\n".repeat(100), 122, refused),
        case("has_122_for_garbage", garbage(), 122, refused),
        case("has_122_for_half_a_program", exits(0)[..100].to_vec(), 122, refused),
    ]
}

/// Random bytes after the ELF magic.
fn garbage() -> Vec<u8> {
    let noise = (0..9000_u32).map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()[0]);
    b"\x7fELF".iter().copied().chain(noise).collect()
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut scenarios: Vec<_> = cases()
        .into_iter()
        .map(|case| {
            Scenario::new(format!("exit_with_program::{}", case.name), LIMIT_S, move |deadline| {
                ends_as(&case, deadline)
            })
        })
        .collect();
    for kind in crate::host::FIRMWARES {
        let name = format!(
            "exit_with_program::has_0_of_the_shipped_program_on_{}",
            firmware_name(kind)
        );
        scenarios.push(Scenario::new(name, 2 * boot_limit_s(kind), move |deadline| {
            shipped_program(kind, deadline)
        }));
    }
    for (name, scenario) in [
        (
            "has_122_when_there_is_no_program",
            boots_without_program as fn(Deadline) -> Outcome,
        ),
        ("has_123_for_a_panic", panics),
        ("has_123_for_a_triple_fault", triple_faults),
        ("has_124_when_the_time_is_over", runs_out_of_time),
        ("has_125_for_a_file_that_is_not_there", names_no_file),
        ("has_125_when_qemu_does_not_start", starts_no_qemu),
        ("has_125_when_qemu_is_closed_before_the_program_ends", closes_qemu),
    ] {
        scenarios.push(Scenario::new(format!("exit_with_program::{name}"), LIMIT_S, scenario));
    }
    // The runner waits 500 ms for consequences of a program's end: too short a time for a machine that shares its cores.
    let name = "exit_with_program::has_123_for_a_panic_after_the_end_of_a_program";
    scenarios.push(Scenario::new(name, LIMIT_S, panics_after_program_end).alone());
    scenarios
}

/// Starts the runner until a program's end, with more options for the runner and QEMU.
fn run(further: &[&str], deadline: Deadline) -> Result<LimitedCommand, Failed> {
    let own = ["--firmware", "bios", "--headless", "--exit-with-program"];
    start(&[&own, further, &ONE_THREAD].concat(), deadline)
}

/// Waits for the runner's end, and checks its exit code and output.
fn expect_end(runner: &mut LimitedCommand, code: i32, output: &str) -> Outcome {
    let status = runner.wait()?;
    if status.code() != Some(code) {
        return Err(runner.failed(&format!("expected exit code {code}, found {status}")));
    }
    if !runner.output().contains(output) {
        return Err(runner.failed(&format!("its output lacks {output:?}")));
    }
    Ok(())
}

/// Runs a case.
fn ends_as(case: &Case, deadline: Deadline) -> Outcome {
    let program = program(case.name, &case.file)?;
    expect_end(&mut run(&["--program", &program], deadline)?, case.code, case.output)
}

/// Writes a program's file. Returns its path.
fn program(name: &str, bytes: &[u8]) -> Result<String, Failed> {
    Ok(file(name, bytes)?.to_string_lossy().into_owned())
}

/// Runs the shipped program.
fn shipped_program(kind: FirmwareKind, deadline: Deadline) -> Outcome {
    let options = ["--firmware", firmware_name(kind), "--headless", "--exit-with-program"];
    let mut runner = start(&options, deadline)?;
    expect_end(&mut runner, 0, "user_mode_program_0: Hello from user mode!")
}

/// Boots another ISO: QEMU's `-set` overrides the drive's file.
fn run_iso(iso: &Path, deadline: Deadline) -> Result<LimitedCommand, Failed> {
    let file = format!("drive.boot_medium.file={}", iso.display());
    run(&["-set", &file], deadline)
}

/// Passes no module to the kernel.
fn boots_without_program(deadline: Deadline) -> Outcome {
    let mut contents = built::contents()?;
    contents.modules.clear();
    let mut runner = run_iso(&iso_with(contents, None)?, deadline)?;
    expect_end(&mut runner, 122, "The program was refused")
}

/// Panics with the kernel halting after the report: the runner must not wait for ever.
fn panics(deadline: Deadline) -> Outcome {
    let mut runner = run_iso(&test_kernel_iso("scenario=panic panic=halt")?, deadline)?;
    expect_end(&mut runner, 123, "deliberate, with a number: 42")
}

/// Panics after the program's end: the program may have caused it.
fn panics_after_program_end(deadline: Deadline) -> Outcome {
    let mut runner = run_iso(&test_kernel_iso("scenario=panic_after_program_end")?, deadline)?;
    expect_end(&mut runner, 123, "deliberate, after a program's end")
}

/// QEMU ends at once.
fn triple_faults(deadline: Deadline) -> Outcome {
    let mut runner = run_iso(&test_kernel_iso("scenario=fault")?, deadline)?;
    expect_end(&mut runner, 123, "A triple fault:")
}

/// Makes a program that never ends.
fn endless(name: &str) -> Result<String, Failed> {
    program(name, &TinyProgram::default().then_log("on and on").then_loop().elf())
}

/// The program runs until the time limit.
fn runs_out_of_time(deadline: Deadline) -> Outcome {
    let program = endless("endless")?;
    let mut runner = run(&["--timeout", TIMEOUT_S, "--program", &program], deadline)?;
    expect_end(&mut runner, 124, "user_mode_program_0: on and on")
}

/// The runner boots nothing.
fn names_no_file(deadline: Deadline) -> Outcome {
    let mut runner = run(&["--program", "/no/such/file"], deadline)?;
    expect_end(&mut runner, 125, "/no/such/file is not a file")
}

/// QEMU reports the wrong option.
fn starts_no_qemu(deadline: Deadline) -> Outcome {
    let mut runner = run(&["-device", "no_such_device"], deadline)?;
    expect_end(&mut runner, 125, "no_such_device")
}

/// The user closes QEMU.
fn closes_qemu(deadline: Deadline) -> Outcome {
    let program = endless("closed")?;
    let mut runner = run(&["--program", &program], deadline)?;
    runner.expect("user_mode_program_0: on and on")?;
    runner.type_bytes(CTRL_A_X)?;
    expect_end(&mut runner, 125, "QEMU ended before the program did.")
}
