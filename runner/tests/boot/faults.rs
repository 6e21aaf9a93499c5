//! Exceptions of the kernel's own, stack overflows, and what the heap does at its limits.

use runner::{Ending, FirmwareKind};

use crate::booted::Booted;
use crate::host::{machine, test_kernel_iso};
use crate::scenario::{Deadline, Outcome, Scenario};

/// Scenarios of the test kernel that end in a report: the rule, and what the report has to say.
const REPORTS: [(&str, &str, &[&str]); 17] = [
    (
        "read_unmapped",
        "a_read_where_nothing_is_mapped_is_reported",
        &["ERROR Page fault! Error code: 0x0, not mapped, read, kernel mode. Accessed address: 0xffffd000dead0000"],
    ),
    (
        "write_unmapped",
        "a_write_where_nothing_is_mapped_is_reported",
        &["ERROR Page fault! Error code: 0x2, not mapped, write, kernel mode. Accessed address: 0xffffd000dead0000"],
    ),
    (
        "write_text",
        "the_kernels_code_cannot_be_written",
        &["ERROR Page fault! Error code: 0x3, protection, write, kernel mode. Accessed address: 0xffffffff8"],
    ),
    (
        "write_text_in_direct_map",
        "the_kernels_code_cannot_be_written_in_the_direct_map",
        &["ERROR Page fault! Error code: 0x3, protection, write, kernel mode. Accessed address: 0xffff8"],
    ),
    (
        "execute_heap",
        "the_heap_cannot_be_executed",
        &["ERROR Page fault! Error code: 0x11, protection, kernel mode, instruction fetch."],
    ),
    (
        "divide_error",
        "a_division_by_zero_is_reported",
        &["ERROR Divide Error! Error code: 0x0"],
    ),
    (
        "undefined_instruction",
        "an_undefined_instruction_is_reported_with_a_backtrace",
        &[
            "ERROR Invalid Opcode! Error code: 0x0",
            "  0: 0xffffffff8",
            "test_kernel::scenarios::fault::undefined_instruction+0x",
            "kernel::init_bsp_on_own_stack+0x",
        ],
    ),
    (
        "general_protection",
        "a_general_protection_fault_is_reported",
        &["ERROR General Protection Fault! Error code: 0xfff8"],
    ),
    (
        "non_canonical",
        "a_non_canonical_address_is_reported",
        &["ERROR General Protection Fault! Error code: 0x0"],
    ),
    (
        "double_fault",
        "a_double_fault_is_reported",
        &["ERROR Double Fault! Error code: 0x0"],
    ),
    (
        "fault_without_stack",
        "a_fault_with_a_stack_pointer_of_0_is_reported",
        &["ERROR Double Fault! Error code: 0x0"],
    ),
    (
        "stack_overflow",
        "a_stack_overflow_names_the_stack",
        &[
            "[0] ERROR Stack overflow: StackInfo { id: StackId { cpu_id: 0, stack_type: Normal }",
            "test_kernel::scenarios::memory_faults::use_up_stack+0x",
        ],
    ),
    (
        "stack_overflow_on_ap",
        "a_stack_overflow_on_an_ap_names_the_stack",
        &["[1] ERROR Stack overflow: StackInfo { id: StackId { cpu_id: 1, stack_type: Normal }"],
    ),
    (
        "nmi_stack_overflow",
        "an_overflow_of_the_stack_for_non_maskable_interrupts_names_it",
        &["[0] ERROR Stack overflow: StackInfo { id: StackId { cpu_id: 0, stack_type: ExceptionHandler(1) }"],
    ),
    (
        "machine_check_stack_overflow",
        "an_overflow_of_the_stack_for_machine_checks_names_it",
        &["[0] ERROR Stack overflow: StackInfo { id: StackId { cpu_id: 0, stack_type: ExceptionHandler(2) }"],
    ),
    (
        "debug_stack_overflow",
        "an_overflow_of_the_stack_for_debug_exceptions_names_it",
        &["[0] ERROR Stack overflow: StackInfo { id: StackId { cpu_id: 0, stack_type: ExceptionHandler(3) }"],
    ),
    (
        "nmi_stack_overflow_on_ap",
        "an_overflow_of_an_exception_stack_on_an_ap_names_it",
        &["[1] ERROR Stack overflow: StackInfo { id: StackId { cpu_id: 1, stack_type: ExceptionHandler(1) }"],
    ),
];

/// Scenarios of the test kernel that go on: the rule, what the log has to say, and its last line.
const GOING_ON: [(&str, &str, &[&str], &str); 3] = [
    (
        "breakpoint",
        "a_breakpoint_continues",
        &["Breakpoint! Stack frame:"],
        "The breakpoint continued",
    ),
    (
        "nmi_while_logging",
        "a_non_maskable_interrupt_while_the_log_is_held_does_not_deadlock",
        &["WARN  Non-maskable interrupt!"],
        "The log goes on after a non-maskable interrupt, lock held: true",
    ),
    (
        "heap_demonstration",
        "the_heap_holds_boxes_vectors_and_strings",
        &[
            "A box at 0xffff8",
            "ends with Some(998001)",
            "holds \"formatted and 41\"",
        ],
        "End of the demonstration",
    ),
];

/// All of the subject.
pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for (scenario, name, expected) in REPORTS {
        let run = move |deadline| reports(scenario, expected, deadline);
        scenarios.push(Scenario::new(format!("faults::{name}"), 15, run));
    }
    for (scenario, name, expected, last) in GOING_ON {
        let run = move |deadline| goes_on(scenario, expected, last, deadline);
        scenarios.push(Scenario::new(format!("faults::{name}"), 15, run));
    }
    scenarios.push(Scenario::new(
        "faults::an_empty_heap_gives_errors_and_recovers",
        30,
        exhaustion,
    ));
    scenarios.push(Scenario::new("faults::a_storm_on_the_heap_loses_nothing", 120, storm));
    scenarios
}

/// Starts the test kernel on four processors.
fn start(scenario: &str, deadline: Deadline) -> Result<Booted, libtest_mimic::Failed> {
    let iso = test_kernel_iso(&format!("scenario={scenario}"))?;
    Booted::start(&machine(FirmwareKind::Bios, &iso)?, deadline)
}

/// One report, with all that is expected, and the failing exit code.
fn reports(scenario: &str, expected: &[&str], deadline: Deadline) -> Outcome {
    let mut booted = start(scenario, deadline)?;
    booted.expect_ending(&Ending::Failed)?;
    let text = booted.text();
    booted.check(text.matches(" ERROR ").count() == 1, "not exactly one line of an error")?;
    expected
        .iter()
        .try_for_each(|words| booted.check(text.contains(words), &format!("the report does not say {words:?}")))
}

/// The log says all that is expected, and goes on to the last line without an error.
fn goes_on(scenario: &str, expected: &[&str], last: &str, deadline: Deadline) -> Outcome {
    let mut booted = start(scenario, deadline)?;
    booted.expect(last)?;
    let text = booted.text();
    booted.check(!text.contains(" ERROR "), "there is an error")?;
    expected
        .iter()
        .try_for_each(|words| booted.check(text.contains(words), &format!("the log does not say {words:?}")))
}

/// Fallible allocations fail when the memory is used up, and succeed again afterwards; what cannot fail panics.
fn exhaustion(deadline: Deadline) -> Outcome {
    let mut booted = start("heap_exhaustion", deadline)?;
    booted.expect_ending(&Ending::Failed)?;
    let text = booted.text();
    let given_kib = text
        .split("The heap gave ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok());
    // Of the machine's 256 MiB, the heap gets what is left in whole pieces.
    booted.check(
        given_kib.is_some_and(|kib| kib > 180 * 1024),
        &format!("the heap gave only {given_kib:?} KiB"),
    )?;
    booted.check(
        text.contains("Then it gave a box again: 42"),
        "the heap did not recover",
    )?;
    booted.check(
        text.contains("memory allocation of 1073741824 bytes failed"),
        "too large an allocation did not panic",
    )
}

/// A million random allocations and frees on four processors leave as much in use as there was.
fn storm(deadline: Deadline) -> Outcome {
    let mut booted = start("heap_storm", deadline)?;
    booted.expect_ending(&Ending::Passed)?;
    let text = booted.text();
    booted.check(text.contains("The storm is over: "), "the storm has no end")
}
