//! Panics and faults of the kernel: one report, a failing exit code, and no wait for the time limit.

use std::time::Duration;

use libtest_mimic::Failed;
use runner::{Ending, EventLog, FirmwareKind, last_exceptions};

use crate::booted::Booted;
use crate::host::{FIRMWARES, boot_limit_s, firmware_name, machine, test_kernel_iso};
use crate::scenario::{Deadline, Outcome, Scenario};

/// Maximum time from the kernel's last line to a detected end.
const NOTICED_WITHIN: Duration = Duration::from_secs(2);

/// Vector of an undefined instruction.
const INVALID_OPCODE: u64 = 6;

/// Scenarios of the test kernel, and the text that the report must contain besides `panicked at`.
const PANICS: [(&str, &str, &str); 12] = [
    (
        "panic",
        "panics::a_panic_reports_and_exits_with_failure",
        "deliberate, with a number: 42",
    ),
    (
        "panic_at_entry",
        "panics::a_panic_before_the_log_reports",
        "deliberate, with a number: 42",
    ),
    (
        "panic_on_ap",
        "panics::a_panic_on_an_ap_reports",
        "deliberate, on an AP",
    ),
    (
        "panic_on_all",
        "panics::panics_on_all_cpus_give_one_report",
        "deliberate, on all processors",
    ),
    (
        "panic_in_display",
        "panics::a_panic_within_a_log_line_reports",
        "while a message is formatted",
    ),
    (
        "panic_in_long_display",
        "panics::a_panic_within_a_long_log_line_reports",
        "while a message is formatted",
    ),
    (
        "panic_in_panic",
        "panics::a_panic_within_a_panic_ends",
        "panicked again while reporting a panic",
    ),
    (
        "panic_in_interrupt",
        "panics::a_panic_within_an_interrupt_reports",
        "deliberate, in an interrupt",
    ),
    (
        "panic_with_nmi_in_report",
        "panics::a_report_continues_after_a_non_maskable_interrupt",
        "and the report continues after a non-maskable interrupt",
    ),
    (
        "panic_with_screen_held",
        "panics::a_panic_under_the_logs_lock_reports",
        "under the lock of the log",
    ),
    (
        "panic_while_waiting",
        "panics::a_panic_in_the_wait_for_the_log_reports",
        "while the processor waits for the log",
    ),
    (
        "panic_while_another_waits",
        "panics::a_panic_stops_a_processor_that_waits_for_the_log",
        "while another processor waits for the log",
    ),
];

/// Scenarios that also boot with UEFI: one on the firmware's screen, and one with the processor state of firmware and
/// boot loader.
const ALSO_ON_UEFI: [&str; 2] = ["panic", "panic_at_entry"];

/// Functions that panic, as a backtrace names them.
const CAUSES: [&str; 2] = [
    " test_kernel::scenarios::panics::",
    " test_kernel::scenarios::log_turns::",
];

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for (scenario, name, message) in PANICS {
        for kind in FIRMWARES {
            if kind == FirmwareKind::Uefi && !ALSO_ON_UEFI.contains(&scenario) {
                continue;
            }
            let name = format!("{name}_on_{}", firmware_name(kind));
            let run = move |deadline| panics(kind, scenario, message, deadline);
            scenarios.push(Scenario::new(name, boot_limit_s(kind), run));
        }
    }
    scenarios.push(Scenario::new("panics::a_fault_without_a_handler_is_noticed_at_once", 15, fault).alone());
    scenarios.push(Scenario::new("panics::a_hang_ends_at_the_limit", 20, hang));
    scenarios
}

/// Starts the test kernel on four processors.
fn start(kind: FirmwareKind, scenario: &str, event_log: EventLog, deadline: Deadline) -> Result<Booted, Failed> {
    let mut machine = machine(kind, &test_kernel_iso(&format!("scenario={scenario}"))?)?;
    machine.event_log = event_log;
    Booted::start(&machine, deadline)
}

/// Checks for one report with the message, and the failing exit code.
fn panics(kind: FirmwareKind, scenario: &str, message: &str, deadline: Deadline) -> Outcome {
    let mut booted = start(kind, scenario, EventLog::Resets, deadline)?;
    booted.expect_ending(&Ending::Failed)?;
    let text = booted.text();
    booted.check(text.contains("ERROR panicked at "), "no line `ERROR panicked at …`")?;
    booted.check(text.matches("ERROR panicked at ").count() == 1, "more than one report")?;
    booted.check(text.contains(message), &format!("the report lacks {message:?}"))?;
    // A second report is one line.
    let (_, report) = text.split_once("ERROR panicked at ").unwrap_or_default();
    let is_whole = scenario == "panic_in_panic" || report.contains(" allocations");
    booted.check(is_whole, "the report lacks the use of the heap")?;
    // At the entry, neither symbols nor the stack's bounds are known.
    let names_functions =
        matches!(scenario, "panic_in_panic" | "panic_at_entry") || CAUSES.iter().any(|cause| report.contains(cause));
    booted.check(names_functions, &format!("the backtrace names none of {CAUSES:?}"))
}

/// Checks that a triple fault is detected within two seconds, and that the record of events names the exception.
fn fault(deadline: Deadline) -> Outcome {
    let mut booted = start(FirmwareKind::Bios, "fault", EventLog::Interrupts, deadline)?;
    booted.expect("Executing an undefined instruction")?;
    let fault_time = std::time::Instant::now();
    booted.expect_ending(&Ending::TripleFault)?;
    let after = fault_time.elapsed();
    booted.check(after < NOTICED_WITHIN, &format!("noticed only after {after:?}"))?;
    let vectors: Vec<u64> = last_exceptions(&booted.event_log())
        .iter()
        .map(|exception| exception.vector)
        .collect();
    booted.check(
        vectors.contains(&INVALID_OPCODE),
        &format!("the record of exceptions does not name the first: {vectors:?}"),
    )
}

/// Checks that a kernel that hangs fails its scenario at the limit, with its log.
fn hang(deadline: Deadline) -> Outcome {
    let mut booted = start(FirmwareKind::Bios, "hang", EventLog::Resets, deadline)?;
    booted.expect("Hanging")?;
    booted.set_deadline(Deadline::after(Duration::from_secs(1)));
    match booted.expect("a line that never comes") {
        Err(failure)
            if failure
                .message()
                .is_some_and(|text| text.contains("did not come within") && text.contains("Hanging")) =>
        {
            Ok(())
        }
        Err(failure) => Err(failure),
        Ok(()) => Err("an unexpected line came".into()),
    }
}
