//! The booted scenarios: each starts QEMU, watches the log or the screen, and has its own limit in seconds.
//!
//! `cargo test --test boot` runs all of them, one after the other, each named before it runs; `cargo test --test boot
//! bios` those whose name holds `bios`; `cargo test --test boot -- --skip slow::` all but the slow ones.
//! A scenario that fails shows its serial log. A panic, a fault or a failing exit code ends it at once: the limits, about
//! ten times what an idle machine needs, are for what hangs.

mod boot_log;
mod booted;
mod conformance;
mod conformance_checks;
mod debugger;
mod exit_with_program;
mod faults;
mod firmware_tables;
mod host;
mod hostile;
mod hostile_cases;
mod interrupts;
mod iso;
mod limited_command;
mod log_lines;
mod logging;
mod memory;
mod memory_maps;
mod missing_responses;
mod panics;
mod picture;
mod power;
mod refused_kernels;
mod runner_program;
mod scenario;
mod screen;
mod serial_console;
mod shipped;
mod stopping;
mod test_kernel;
mod tiny_program;

use libtest_mimic::Arguments;
use scenario::Scenario;

fn main() {
    let mut arguments = Arguments::from_args();
    // Measured limits and two processors on most machines: one QEMU at a time. It also makes each name appear first.
    arguments.test_threads = Some(1);
    let trials = all().into_iter().map(Scenario::into_trial).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    host::remove_files();
    conclusion.exit();
}

/// Every scenario, the quick ones of a subject first.
fn all() -> Vec<Scenario> {
    [
        iso::scenarios(),
        shipped::scenarios(),
        boot_log::scenarios(),
        logging::scenarios(),
        screen::scenarios(),
        panics::scenarios(),
        faults::scenarios(),
        memory::scenarios(),
        memory_maps::scenarios(),
        interrupts::scenarios(),
        stopping::scenarios(),
        firmware_tables::scenarios(),
        serial_console::scenarios(),
        power::scenarios(),
        hostile::scenarios(),
        refused_kernels::scenarios(),
        missing_responses::scenarios(),
        conformance::scenarios(),
        conformance_checks::scenarios(),
        debugger::scenarios(),
        runner_program::scenarios(),
        exit_with_program::scenarios(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
