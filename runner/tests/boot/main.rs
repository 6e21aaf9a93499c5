//! The booted scenarios: each starts QEMU, watches the log or the screen, and has its own time limit in seconds.
//!
//! `cargo test --test boot` runs all but the slow scenarios, as many at a time as the host has processors; `cargo test
//! --test boot bios` those whose name contains `bios`; `cargo test --test boot slow` the slow ones. The output names
//! each scenario at its start and, with its duration in seconds, at its end. A failed scenario shows its serial log. A
//! panic, a fault or a failing exit code ends a scenario at once: the time limits are for hangs.

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

use libtest_mimic::{Arguments, Trial};
use scenario::Scenario;

fn main() {
    let mut arguments = Arguments::from_args();
    let mut scenarios = all();
    Scenario::sort(&mut scenarios);
    let slow = scenarios.iter().filter(|scenario| scenario.is_slow()).count();
    let trials: Vec<Trial> = scenarios.into_iter().map(Scenario::into_trial).collect();
    if names_only_slow_ones(&arguments, &trials) {
        arguments.include_ignored = true;
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    host::remove_files();
    if conclusion.num_ignored > 0 {
        println!("{slow} slow scenarios are ignored: `./dev test slow` or `cargo test --test boot slow` runs them\n");
    }
    conclusion.exit();
}

/// Returns whether the filter only chooses slow scenarios.
fn names_only_slow_ones(arguments: &Arguments, trials: &[Trial]) -> bool {
    let mut chosen = trials.iter().filter(|trial| !arguments.is_filtered_out(trial));
    arguments.filter.is_some() && chosen.all(Trial::has_ignored_flag)
}

/// Returns every scenario, the quick ones of a subject first.
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
