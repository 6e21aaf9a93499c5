//! The measuring loops of `./dev bench`.
//!
//! The unit is guest instructions: the runner starts QEMU so that one tick of the time stamp counter is one instruction
//! (`-icount shift=0,sleep=off`). Each value is a line `Measured NAME: VALUE instructions` of the log, which the runner
//! reads. Interrupts are off while something is measured.

mod interrupts;
mod logging;
mod measure;
mod memory;
mod programs;

pub(crate) use measure::note_entry;

use kernel::output::{ExitCode, exit_qemu};

/// Runs every benchmark that needs no screen, on a machine without a display adapter.
pub(crate) fn run() {
    refuse_unless_optimised();
    measure::report_boot("boot");
    measure::report_boot_waits();
    programs::measure_start();
    memory::measure_all();
    interrupts::measure_timer();
    logging::measure_serial();
    programs::measure_calls();
    exit_qemu(ExitCode::Success);
}

/// Runs the benchmarks of the screen.
pub(crate) fn run_with_screen() {
    refuse_unless_optimised();
    measure::report_boot("boot_with_screen");
    logging::measure_screen();
    exit_qemu(ExitCode::Success);
}

/// Runs the benchmark that needs a second processor.
pub(crate) fn run_on_two() {
    refuse_unless_optimised();
    interrupts::measure_remote_call();
    exit_qemu(ExitCode::Success);
}

/// Ends QEMU with the failing exit code unless this build is optimised.
fn refuse_unless_optimised() {
    if env!("LIMELIGHT_OPT_LEVEL") != "3" {
        log::error!("This kernel is not optimised");
        exit_qemu(ExitCode::Failure);
    }
}
