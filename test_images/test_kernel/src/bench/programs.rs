//! Benchmarks of programs.

use super::measure::{now, report, report_boot};
use alloc::sync::Arc;
use kernel::{
    boot::module::{self, Module, USER_MODE_PROGRAM_0_PATH},
    user_mode::{Program, ProgramEnd, ProgramImage, enter_user_mode::LeaveReason, run_to_its_end},
};

/// Path of the measuring program on the boot medium.
const MEASURING_PROGRAM_PATH: &str = "/measuring_program";

/// Names of its benchmarks, and the program's arguments.
const ROWS: [(&str, &str); 3] = [
    ("syscall_round_trip", "syscall"),
    ("program_log_line_16", "log"),
    ("first_touch", "first_touch"),
];

/// Measures the time from a module to the program's first system call.
pub(super) fn measure_start() {
    let module = module_of(USER_MODE_PROGRAM_0_PATH);
    let start = now();
    let mut program = Program::start(&image_of(module), module.string).expect("there is memory for a program");
    let reason = program.run_to_its_first_call();
    let end = now();
    assert!(
        reason == LeaveReason::Syscall,
        "the program does not begin with a call: {reason:?}"
    );
    report("load_and_enter", end - start);
    report_boot("boot_to_first_call");
}

/// Runs the benchmarks that the program measures itself.
pub(super) fn measure_calls() {
    let image = image_of(module_of(MEASURING_PROGRAM_PATH));
    for (row, arguments) in ROWS {
        match run_to_its_end(&image, arguments) {
            Ok(ProgramEnd::Exited { code }) => report(row, code),
            end => panic!("{arguments} was not measured: {end:?}"),
        }
    }
}

/// Loads the program of a module.
fn image_of(module: &Module) -> Arc<ProgramImage> {
    ProgramImage::from_module(module).unwrap_or_else(|error| panic!("{} is refused: {error}", module.path))
}

/// Looks up a module.
fn module_of(path: &str) -> &'static Module {
    let module = module::kept().iter().find(|module| module.path == path);
    module.unwrap_or_else(|| panic!("there is no module {path}"))
}
