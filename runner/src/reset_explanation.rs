//! Explains a reset: repeats the run with QEMU's record of exceptions, and shows the last exceptions and the end of the log.

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

/// Vector of the double fault.
const DOUBLE_FAULT: u64 = 8;
/// Factor for the time limit of the second run: recording makes it several times slower.
const SLOWER: u32 = 5;
/// Extra time for the second run.
const EXTRA_TIME: Duration = Duration::from_secs(10);
/// Maximum time of the second run: the first run may have taken hours.
const LONGEST_REPETITION: Duration = Duration::from_mins(2);

/// Prints the known facts about the reset that ended a run of the machine.
pub(crate) fn explain_reset(qemu: &Qemu, machine: &Machine, running: &Running, ending: &Ending, took: Duration) {
    let (log, events) = (running.serial(), running.event_log());
    let what = match ending {
        Ending::TripleFault => "A triple fault: a CPU could not call the handler of an exception, and reset itself.",
        _ if events.is_empty() => {
            "The machine was reset without the line `Rebooting` in the log. QEMU recorded nothing, so that it is not \
             known whether it was a triple fault."
        }
        _ => "The machine was reset without the line `Rebooting` in the log, and no triple fault was recorded.",
    };
    say(&format!(
        "\n{what}\nThe last lines of the log:\n{}\n",
        indented(&last_lines(&log))
    ));
    if *ending != Ending::TripleFault {
        return;
    }
    let exceptions = last_exceptions(&events);
    if !exceptions.is_empty() {
        // The user's own `-d int` has recorded them.
        say(&tell_exceptions(&exceptions));
        return;
    }
    if let Some(reason) = why_not_repeated(machine) {
        say(&format!("The run is not repeated to record its exceptions: {reason}."));
        return;
    }
    let limit = limit_of_repetition(took);
    say(&format!(
        "The run is repeated once, to record its exceptions (slower, at most {} s) …",
        limit.as_secs()
    ));
    match repeat(qemu, machine, limit) {
        Ok((Ending::TripleFault, events)) => say(&tell_exceptions(&last_exceptions(&events))),
        Ok((Ending::Interrupted { signal }, _)) => say(&format!("Signal {signal} stopped the repetition.")),
        Ok((other, _)) => say(&format!("This time it did not happen: {other:?}")),
        Err(error) => say(&format!("It cannot be repeated: {error}")),
    }
}

/// Returns the reason why a second run would not show the same.
fn why_not_repeated(machine: &Machine) -> Option<&'static str> {
    let given = GivenOptions::read(&machine.qemu_arguments);
    if given.any_of(&["d", "D"]) {
        Some("it would write the record of your own -d or -D anew")
    } else if machine.debugger.is_some() || given.any_of(&["S"]) {
        Some("it would wait for the debugger")
    } else {
        None
    }
}

/// Returns the time limit of the second run.
fn limit_of_repetition(took: Duration) -> Duration {
    took.saturating_mul(SLOWER)
        .saturating_add(EXTRA_TIME)
        .min(LONGEST_REPETITION)
}

/// Runs the machine once more, without a terminal.
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

/// Formats exceptions.
fn tell_exceptions(exceptions: &[ExceptionRecord]) -> String {
    let Some(first) = first_of_final_chain(exceptions) else {
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

/// Returns the exception that led to the triple fault: the one before the last double fault, if that is the last record. Earlier
/// exceptions were handled.
fn first_of_final_chain(exceptions: &[ExceptionRecord]) -> Option<&ExceptionRecord> {
    let (last, earlier) = exceptions.split_last()?;
    if last.vector == DOUBLE_FAULT {
        earlier.last().or(Some(last))
    } else {
        Some(last)
    }
}

/// Indents each line of a text.
fn indented(text: &str) -> String {
    text.lines()
        .map(|line| format!("    {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_run_takes_two_minutes_at_most() {
        assert_eq!(limit_of_repetition(Duration::from_secs(2)), Duration::from_secs(20));
        for took in [Duration::from_mins(1), Duration::from_hours(10), Duration::MAX] {
            assert_eq!(limit_of_repetition(took), Duration::from_mins(2), "{took:?}");
        }
    }

    #[test]
    fn where_it_is_names_the_exception_that_led_to_the_double_fault() {
        let record = |vector: u64, at: u64| format!("v={vector:02x} e=0000 i=0 cpl=0 IP=0008:{at:x} pc={at:x}\n");
        for (events, at) in [
            // A breakpoint that was handled before has nothing to do with it.
            (record(3, 0x10) + &record(14, 0x20) + &record(8, 0x20), "*0x20'"),
            (record(3, 0x10) + &record(6, 0x30), "*0x30'"),
            (
                record(3, 0x10) + &record(14, 0x20) + &record(8, 0x20) + &record(13, 0x40),
                "*0x40'",
            ),
            (record(8, 0x50), "*0x50'"),
        ] {
            let told = tell_exceptions(&last_exceptions(&events));
            assert!(told.contains(at), "{at}: {told}");
        }
    }
}
