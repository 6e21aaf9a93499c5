//! Memory: the heap at its limits, ranges of the address space, programs' pages, stacks.

use runner::{Ending, FirmwareKind};

use crate::host::{FIRMWARES, firmware_name};
use crate::scenario::{Deadline, Outcome, Scenario};
use crate::test_kernel::{Expectation, goes_on, reports, start};

/// What is allowed and what is not.
const EXPECTATIONS: [Expectation; 9] = [
    goes_on(
        "heap_demonstration",
        "the_heap_holds_boxes_vectors_and_strings",
        &[
            "A box at 0xffff8",
            "ends with Some(998001)",
            "holds \"formatted and 41\"",
        ],
        "End of the demonstration",
    ),
    reports(
        "touch_user_page",
        "a_programs_page_is_touched_only_where_it_is_announced",
        &[
            "Touched a program's page as it is allowed",
            "ERROR Page fault! Error code: 0x1, protection, read, kernel mode. Accessed address: 0x0000000000400000",
        ],
    ),
    reports(
        "execute_user_page",
        "a_programs_page_is_not_executed_in_kernel_mode",
        &[
            "ERROR Page fault! Error code: 0x11, protection, kernel mode, instruction fetch. Accessed address: 0x0000000000400000",
        ],
    ),
    goes_on(
        "mapped_regions",
        "mapped_regions_are_zeroed_and_come_back",
        &["Registers at VirtAddr(0xfffff0", "020), region of 4096 bytes"],
        "Regions came back: true",
    ),
    reports(
        "write_before_region",
        "a_write_before_a_mapped_region_is_caught",
        &["ERROR Page fault! Error code: 0x2, not mapped, write, kernel mode. Accessed address: 0xfffff0"],
    ),
    reports(
        "write_behind_region",
        "a_write_behind_a_mapped_region_is_caught",
        &["ERROR Page fault! Error code: 0x2, not mapped, write, kernel mode. Accessed address: 0xfffff0"],
    ),
    reports(
        "write_dead_region",
        "a_write_to_a_region_that_was_given_back_is_caught",
        &["ERROR Page fault! Error code: 0x2, not mapped, write, kernel mode. Accessed address: 0xfffff0"],
    ),
    goes_on(
        "poison",
        "freed_memory_is_poisoned",
        &[],
        "Freed memory holds addresses that are none: true",
    ),
    reports(
        "lock_twice",
        "a_lock_that_is_taken_twice_is_reported",
        &["Holding a lock: 0", "a lock was taken by a processor that holds it"],
    ),
];

/// All of the subject.
pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut scenarios: Vec<_> = EXPECTATIONS
        .into_iter()
        .flat_map(|expectation| expectation.on_all_firmwares("memory"))
        .collect();
    for kind in FIRMWARES {
        let firmware = firmware_name(kind);
        let mut add = |rule: &str, limit_s, run: fn(FirmwareKind, Deadline) -> Outcome| {
            let name = format!("memory::{rule}_on_{firmware}");
            scenarios.push(Scenario::new(name, limit_s, move |deadline| run(kind, deadline)));
        };
        add("an_empty_heap_gives_errors_and_recovers", 60, exhaustion);
        add("a_storm_on_the_heap_loses_nothing", 180, storm);
        add("no_stack_is_used_to_more_than_half", 60, stack_use);
    }
    scenarios
}

/// Fallible allocations fail when the memory is used up, and succeed again afterwards; what cannot fail panics.
fn exhaustion(kind: FirmwareKind, deadline: Deadline) -> Outcome {
    let mut booted = start(kind, "heap_exhaustion", deadline)?;
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
fn storm(kind: FirmwareKind, deadline: Deadline) -> Outcome {
    let mut booted = start(kind, "heap_storm", deadline)?;
    booted.expect_ending(&Ending::Passed)?;
    let text = booted.text();
    booted.check(text.contains("The storm is over: "), "the storm has no end")
}

/// The high-water marks after what takes much of a stack, by processor: each stack has twice the room at least.
fn stack_use(kind: FirmwareKind, deadline: Deadline) -> Outcome {
    let mut booted = start(kind, "stack_use", deadline)?;
    booted.expect("End of the stacks")?;
    let marks: Vec<(u64, u64)> = booted
        .log_lines()
        .iter()
        .filter_map(|line| used_and_size(&line.message))
        .collect();
    let [(normal, _), rest @ ..] = marks.as_slice() else {
        return Err(booted.failed("no stack is named"));
    };
    booted.check(rest.len() == 4, "not one line for each kind of stack")?;
    booted.check(
        *normal != 0 && rest.iter().any(|(used, _)| *used != 0),
        "nothing was measured",
    )?;
    booted.check(
        marks.iter().all(|(used, size)| used * 2 <= *size),
        &format!("bytes used, and size: {marks:?}"),
    )
}

/// The numbers of a line `Stack use: … USED of SIZE bytes`.
fn used_and_size(message: &str) -> Option<(u64, u64)> {
    let rest = message.strip_prefix("Stack use: ")?.strip_suffix(" bytes")?;
    let (used, size) = rest.split_once(" of ")?;
    Some((used.rsplit(' ').next()?.parse().ok()?, size.parse().ok()?))
}
