//! The scenarios, by name, and how the boot reaches them.

mod fault;
mod log_samples;
mod log_storm;
mod magenta;
mod panics;

use kernel::{
    Additions,
    boot::boot_info::{self, BootInfo},
    output::panic_handler,
};

/// Code for one test, at the places of the boot where it needs to run.
struct Scenario {
    /// What `scenario=` on the command line calls it.
    name: &'static str,
    /// On the BSP, before the log is set up.
    at_entry: fn(),
    /// On the BSP, when the kernel is booted.
    on_bsp: fn(),
    /// On each AP.
    on_ap: fn(),
}

impl Scenario {
    /// A scenario that runs on the BSP, when the kernel is booted.
    const fn on_bsp(name: &'static str, on_bsp: fn()) -> Self {
        Self {
            name,
            at_entry: nothing,
            on_bsp,
            on_ap: nothing,
        }
    }

    /// A scenario that runs on every processor, when it is booted.
    const fn on_all(name: &'static str, on_each: fn()) -> Self {
        Self {
            name,
            at_entry: nothing,
            on_bsp: on_each,
            on_ap: on_each,
        }
    }
}

/// Every scenario.
static ALL: [Scenario; 15] = [
    Scenario::on_bsp("magenta", magenta::fill_the_screen),
    Scenario::on_all("log_storm", log_storm::log_a_thousand_lines),
    Scenario::on_bsp("log_samples", log_samples::log_samples),
    Scenario::on_bsp("log_scroll", log_samples::log_more_than_a_screen),
    Scenario::on_bsp("log_nested", log_samples::log_within_a_message),
    Scenario::on_bsp("panic", panics::panic),
    Scenario {
        name: "panic_at_entry",
        at_entry: panics::panic,
        on_bsp: nothing,
        on_ap: nothing,
    },
    Scenario {
        name: "panic_on_ap",
        at_entry: nothing,
        on_bsp: nothing,
        on_ap: panics::panic_on_first_ap,
    },
    Scenario::on_all("panic_on_all", panics::panic_together),
    Scenario::on_bsp("panic_in_display", panics::panic_in_display),
    Scenario::on_bsp("panic_in_long_display", panics::panic_in_long_display),
    Scenario::on_bsp("panic_in_panic", panics::panic_in_panic),
    Scenario::on_bsp("panic_with_screen_held", panics::panic_with_screen_held),
    Scenario::on_bsp("fault", fault::undefined_instruction),
    Scenario::on_bsp("hang", fault::hang),
];

/// What the boot runs of this package.
pub(crate) static ADDITIONS: Additions = Additions {
    at_entry: || {
        panic_handler::exit_qemu_on_panic();
        run(|scenario| scenario.at_entry);
    },
    on_bsp: |_: &BootInfo| {
        if chosen().is_none() {
            log::error!("The test kernel needs scenario=NAME, with a name that it has");
        }
        run(|scenario| scenario.on_bsp);
    },
    on_ap: || run(|scenario| scenario.on_ap),
    knows_word: |key| key == "scenario",
};

/// Runs a part of the chosen scenario.
fn run(part: fn(&Scenario) -> fn()) {
    if let Some(scenario) = chosen() {
        part(scenario)();
    }
}

/// The scenario that the command line names.
fn chosen() -> Option<&'static Scenario> {
    let text = boot_info::command_line().unwrap_or_default();
    let name = command_line::words(text).find(|word| word.key == "scenario")?.value?;
    ALL.iter().find(|scenario| scenario.name == name)
}

/// A part that a scenario does not have.
fn nothing() {}
