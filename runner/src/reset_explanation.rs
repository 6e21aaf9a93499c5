//! Explains a reset: says what happened, repeats the run with QEMU's record of exceptions, and shows the end of both.

use std::fmt::Write;
use std::time::Duration;

use crate::ending::Ending;
use crate::given_options::GivenOptions;
use crate::machine::{EventLog, Machine, SerialPort};
use crate::out_dir::{out_dir_link, short};
use crate::qemu::Qemu;
use crate::reset_report::{ExceptionRecord, last_exceptions};
use crate::running::Running;
use crate::say::say;
use crate::serial_log::last_lines;

/// Recording makes a run several times slower.
const SLOWER: u32 = 5;
/// And it may take this much longer in any case.
const EXTRA_TIME: Duration = Duration::from_secs(10);

/// Says what is known about the reset that ended a run of the machine.
pub(crate) fn explain_reset(qemu: &Qemu, machine: &Machine, log: &str, ending: &Ending, took: Duration) {
    let what = match ending {
        Ending::TripleFault => "A triple fault: a CPU could not call the handler of an exception, and reset itself.",
        _ => "The machine was reset, without a triple fault and without the line `Rebooting` in the log.",
    };
    say(&format!(
        "\n{what}\nThe last lines of the log:\n{}\n",
        indented(&last_lines(log))
    ));
    if *ending != Ending::TripleFault {
        return;
    }
    if let Some(reason) = why_not_repeated(machine) {
        say(&format!("The run is not repeated to record its exceptions: {reason}."));
        return;
    }
    say("The run is repeated once, to record its exceptions (slower) …");
    match repeat(qemu, machine, took * SLOWER + EXTRA_TIME) {
        Ok((Ending::TripleFault, events)) => say(&tell_exceptions(&last_exceptions(&events))),
        Ok((other, _)) => say(&format!("This time it did not happen: {other:?}")),
        Err(error) => say(&format!("It cannot be repeated: {error}")),
    }
}

/// Why a second run would not show the same.
fn why_not_repeated(machine: &Machine) -> Option<&'static str> {
    let given = GivenOptions::read(&machine.qemu_arguments);
    if given.any_of(&["d", "D"]) {
        Some("your own -d or -D has taken the record's place")
    } else if machine.debugger.is_some() || given.any_of(&["S"]) {
        Some("it would wait for the debugger")
    } else {
        None
    }
}

/// Runs the machine once more, with nobody at its terminal.
fn repeat(qemu: &Qemu, machine: &Machine, limit: Duration) -> Result<(Ending, String), crate::StartError> {
    let again = Machine {
        event_log: EventLog::Interrupts,
        serial: SerialPort::Captured,
        ..machine.clone()
    };
    let mut running = Running::start(qemu, &again)?;
    let ending = running.wait(limit);
    Ok((ending, running.event_log()))
}

/// The exceptions as text.
fn tell_exceptions(exceptions: &[ExceptionRecord]) -> String {
    let Some(first) = exceptions.first() else {
        return "QEMU recorded no exception.".to_owned();
    };
    let mut text = "The last exceptions, oldest first:\n".to_owned();
    for exception in exceptions {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "    {exception}");
    }
    let kernel = short(&out_dir_link().join("iso_root/kernel"));
    let _ = write!(
        text,
        "Where that is: gdb -batch {kernel} -ex 'info line *{:#x}'",
        first.instruction_pointer
    );
    text
}

/// The text with space before each line.
fn indented(text: &str) -> String {
    text.lines()
        .map(|line| format!("    {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}
