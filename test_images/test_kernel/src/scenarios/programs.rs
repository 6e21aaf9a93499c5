//! Runs programs that attack the kernel. Each line of the module `/cases` contains the arguments of a run of
//! `/hostile_program`. After each run follows a canary: a harmless program that checks that the kernel still works.

use alloc::sync::Arc;
use core::time::Duration;
use kernel::{
    boot::module::{self, Module, USER_MODE_PROGRAM_0_PATH},
    cpu::{cpu_local_data::current_cpu_id, hlt_loop::hlt_loop_with_interrupts_off},
    memory::frame_allocator,
    output::{ExitCode, exit_qemu},
    platform::timer,
    user_mode::{ProgramEnd, ProgramImage, enter_user_mode::returns_by_iretq, report_end, run_to_its_end},
};

/// Path of the hostile program on the boot medium.
pub(super) const HOSTILE_PROGRAM_PATH: &str = "/hostile_program";

/// Path of the list of cases.
const CASES_PATH: &str = "/cases";

/// Arguments of the canary.
const CANARY: &str = "canary";

/// Number of reports of the first processor's ticks.
const TICK_REPORTS: u32 = 5;

/// Runs all cases, then the shipped program.
pub(super) fn run_all() {
    let frames_before = frame_allocator::frames_in_use();
    let hostile = image(HOSTILE_PROGRAM_PATH);
    for case in lines() {
        log::info!("Case {case:?}");
        log::info!("Case {case:?} ended: {}", Outcome(run(&hostile, case)));
        log::info!("Its canary ended: {}", Outcome(run(&hostile, CANARY)));
    }
    drop(hostile);
    let program_0 = image(USER_MODE_PROGRAM_0_PATH);
    log::info!("The shipped program ended: {}", Outcome(run(&program_0, "")));
    drop(program_0);
    log::info!("Returns by iretq: {}", returns_by_iretq());
    // The kernel keeps page tables and heap that have grown, but no frame of the programs.
    log::info!(
        "Frames in use: {} more than before",
        frame_allocator::frames_in_use() - frames_before
    );
    exit_qemu(ExitCode::Success);
    // QEMU ends a moment later.
    hlt_loop_with_interrupts_off();
}

/// Runs an endless program on the first processor, while the second one logs the first one's ticks.
pub(super) fn run_endless() {
    if current_cpu_id() == 0 {
        run(&image(HOSTILE_PROGRAM_PATH), "endless");
    }
    if current_cpu_id() == 1 {
        for _ in 0..TICK_REPORTS {
            timer::sleep(Duration::from_millis(200));
            log::info!("Ticks on processor 0: {}", timer::ticks().next().unwrap_or_default());
        }
    }
}

/// Loads the program of a module.
pub(super) fn image(path: &str) -> Arc<ProgramImage> {
    ProgramImage::from_module(module_of(path)).unwrap_or_else(|error| panic!("{path} is refused: {error}"))
}

/// Looks up a module.
fn module_of(path: &str) -> &'static Module {
    let module = module::kept().iter().find(|module| module.path == path);
    module.unwrap_or_else(|| panic!("there is no module {path}"))
}

/// Returns the lines of the list of cases.
fn lines() -> impl Iterator<Item = &'static str> {
    let text = core::str::from_utf8(module_of(CASES_PATH).content).expect("the cases are text");
    text.lines()
}

/// Runs a program to its end, and reports the end on QEMU's debug console.
pub(super) fn run(image: &Arc<ProgramImage>, arguments: &str) -> ProgramEnd {
    let end = run_to_its_end(image, arguments).unwrap_or_else(|error| panic!("{arguments:?} is not started: {error}"));
    report_end(&end);
    end
}

/// Formats the end of a program.
struct Outcome(ProgramEnd);

impl core::fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.0 {
            ProgramEnd::Exited { code } => write!(formatter, "exited {code}"),
            ProgramEnd::Killed(reason) => write!(formatter, "killed: {reason}"),
        }
    }
}
