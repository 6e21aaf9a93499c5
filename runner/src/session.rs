//! One `cargo run`: prepares, prints what it does, boots, watches, and prints how the run ended.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use iso_image::Host;

use crate::announcement;
use crate::arguments::Options;
use crate::debugger_port::{DebuggerAddress, USUAL_PORT};
use crate::doctor::what_is_missing;
use crate::ending::Ending;
use crate::exit_codes::{ExitCode, of_program_run, of_run};
use crate::given_options::GivenOptions;
use crate::machine::{Debugger, Machine};
use crate::out_dir::point_links_at_this_build;
use crate::preparation::{PreparationError, choose_firmware, find_qemu, machine, ready_iso};
use crate::program_watch::{PANIC_REPORT_TIME, POLL_INTERVAL, watch_program};
use crate::qemu::Qemu;
use crate::reset_explanation::explain_reset;
use crate::run_errors::StartError;
use crate::running::Running;
use crate::say::say;
use crate::serial_log::{FIRST_LINE, has_panic, last_lines};
use crate::stop_signals::{received, stop_runs_on_signals, stoppable_host};

/// Silence of the log before a screenshot: everything has been drawn.
const QUIET_BEFORE_SCREENSHOT: Duration = Duration::from_secs(2);
/// Time limit of a run for a screenshot. A kernel with hundreds of CPUs under UEFI comes up in half of it.
const SCREENSHOT_LIMIT: Duration = Duration::from_mins(2);

/// The reason why no kernel was booted.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The preparation failed.
    #[error(transparent)]
    Preparation(#[from] PreparationError),
    /// QEMU could not be started.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// Prints an error, and the commands that install missing tools.
pub fn fail(error: &SessionError) -> ExitCode {
    say(&format!("error: {error}"));
    let remedy = match error {
        SessionError::Preparation(error) => error.remedy(),
        SessionError::Start(_) => Vec::new(),
    };
    if !remedy.is_empty() {
        say(what_is_missing(&remedy, &Host::of_this_process()).trim_end());
    }
    ExitCode::RunnerFailed
}

/// Boots as the options say.
///
/// # Errors
/// [`SessionError`].
pub fn boot(options: &Options, qemu_arguments: Vec<OsString>) -> Result<ExitCode, SessionError> {
    let host = stoppable_host();
    let qemu = find_qemu(&host)?;
    // From here on there are temporary files.
    stop_runs_on_signals();
    let debugger = options.debug.then_some(Debugger { port: USUAL_PORT });
    let debugger = DebuggerAddress::find(&qemu_arguments, debugger).map_err(PreparationError::from)?;
    debugger
        .iter()
        .try_for_each(DebuggerAddress::check)
        .map_err(PreparationError::from)?;
    let ready = ready_iso(options, &qemu_arguments, &host);
    if let Some(signal) = received() {
        say(&format!("\nSignal {signal}: no machine was started."));
        return Ok(ExitCode::Interrupted { signal });
    }
    // Also when there is no ISO: a debugger and the person look for this build's kernel there.
    point_links_at_this_build().map_err(PreparationError::from)?;
    let iso = ready?;
    let firmware = choose_firmware(options, &qemu_arguments, qemu.program(), &iso.boot_loader)?;
    announcement::iso(&iso, options);
    announcement::machine(options, &firmware, &qemu, &GivenOptions::read(&qemu_arguments));
    let machine = machine(options, qemu_arguments, iso.file, firmware.files().clone());
    let started = Instant::now();
    let mut running = Running::start_and_tell(&qemu, &machine, announcement::command)?;
    if let Some(address) = debugger {
        announce_debugger(&mut running, address.port);
    }
    let limit = options.timeout.map(Duration::from_secs);
    let ending = if options.exit_with_program {
        watch_program(&mut running, limit)
    } else {
        watch(&mut running, options, limit)
    };
    explain(&qemu, &machine, &running, &ending, started.elapsed());
    Ok(conclude(&running, &ending, options))
}

/// Prints how to attach a debugger. An editor's task waits for exactly this line on standard output.
fn announce_debugger(running: &mut Running, port: u16) {
    if running.wait_for_exit(Duration::ZERO).is_none() {
        announcement::debugger(port);
        // A closed output must not end the run.
        let _ = writeln!(std::io::stdout(), "Waiting for a debugger on localhost:{port}");
    }
}

/// Watches until QEMU ends or the requested task is done.
fn watch(running: &mut Running, options: &Options, limit: Option<Duration>) -> Ending {
    let limit = limit.or(options.screenshot.is_some().then_some(SCREENSHOT_LIMIT));
    let Some(limit) = limit else {
        return wait_without_limit(running);
    };
    let deadline = Instant::now() + limit;
    loop {
        if let Some(ending) = running.wait_for_exit(POLL_INTERVAL) {
            return ending;
        }
        let log = running.serial();
        if let Some(file) = &options.screenshot
            && log.contains(FIRST_LINE)
            && running.quiet_for() >= QUIET_BEFORE_SCREENSHOT
        {
            return take_screenshot(running, file);
        }
        if options.screenshot.is_none() && has_panic(&log) && running.quiet_for() >= PANIC_REPORT_TIME {
            return running.stop();
        }
        if Instant::now() >= deadline {
            if let Some(file) = &options.screenshot {
                take_screenshot_of(running, file);
            }
            return running.wait(Duration::ZERO);
        }
    }
}

/// Waits until QEMU ends.
fn wait_without_limit(running: &mut Running) -> Ending {
    loop {
        if let Some(ending) = running.wait_for_exit(Duration::from_hours(1)) {
            return ending;
        }
    }
}

/// Takes the screenshot, and ends the run.
fn take_screenshot(running: &mut Running, file: &Path) -> Ending {
    let is_taken = take_screenshot_of(running, file);
    if let Some(ending) = running.wait_for_exit(Duration::ZERO) {
        return ending;
    }
    let ending = running.stop();
    if is_taken {
        ending
    } else {
        Ending::QemuFailed { message: String::new() }
    }
}

/// Takes the screenshot, prints the result, and returns whether it succeeded.
fn take_screenshot_of(running: &mut Running, file: &Path) -> bool {
    let taken = running.screenshot(file);
    match &taken {
        Ok(()) => say(&format!("\nScreenshot: {}", file.display())),
        Err(error) => say(&format!("\nNo screenshot: {error}")),
    }
    taken.is_ok()
}

/// Explains an ending that the log does not explain.
fn explain(qemu: &Qemu, machine: &Machine, running: &Running, ending: &Ending, took: Duration) {
    match ending {
        Ending::TripleFault | Ending::UnexplainedReset => explain_reset(qemu, machine, running, ending, took),
        Ending::TimedOut => say(&format!(
            "\nThe time is over. The last lines of the log:\n{}",
            last_lines(&running.serial())
        )),
        _ => {}
    }
}

/// Prints how the run ended, and returns the exit code.
fn conclude(running: &Running, ending: &Ending, options: &Options) -> ExitCode {
    if let Some(sentence) = announcement::ending(ending) {
        say(&format!("\n{sentence}"));
    }
    let (code, has_panic) = if options.exit_with_program {
        let report = running.end_report();
        (of_program_run(ending, report), report.has_panic)
    } else {
        let has_panic = has_panic(&running.serial());
        (of_run(ending, has_panic), has_panic)
    };
    if let Some(sentence) = announcement::conclusion(code, has_panic, options) {
        say(&format!("\n{sentence}"));
    }
    code
}
