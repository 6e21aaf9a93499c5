//! Memory: heap exhaustion, mapped regions, programs' pages, stacks.

use runner::{Ending, FirmwareKind};

use crate::booted::Booted;
use crate::host::{FIRMWARES, boot_limit_s, firmware_name, machine, test_kernel_iso};
use crate::scenario::{Deadline, Outcome, Scenario};
use crate::test_kernel::{Expectation, reaches_last_line, reports, start};

/// Memory in MiB of a machine with more than one page of 1 GiB in the direct map, and a frame of that size.
const LARGE_MIB: u32 = 4096;

/// Allowed and forbidden accesses.
const EXPECTATIONS: [Expectation; 12] = [
    reaches_last_line(
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
            "Accessed a program's page with SMAP suspended",
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
    reaches_last_line(
        "heap_stock",
        "the_heaps_stock_is_filled_up_when_frames_are_taken",
        &[],
        "Pieces in the heap's stock: 3",
    ),
    reaches_last_line(
        "give_much_back",
        "interrupts_may_come_while_much_is_taken_from_a_program",
        &[],
        "Pauses while 8 MiB were freed: 4",
    ),
    reaches_last_line(
        "mapped_regions",
        "mapped_regions_are_zeroed_and_come_back",
        &["Registers at VirtAddr(0xfffff0", "020), region of 4096 bytes"],
        "All regions were freed: true",
    ),
    reaches_last_line(
        "map_what_waits",
        "memory_that_waits_for_a_shootdown_is_not_missed",
        &[],
        "Mapped the memory of a dead region: true",
    ),
    reports(
        "write_before_region",
        "a_write_before_a_mapped_region_is_caught",
        &["ERROR Page fault! Error code: 0x2, not mapped, write, kernel mode. Accessed address: 0xfffff0"],
    ),
    reports(
        "write_after_region",
        "a_write_after_a_mapped_region_is_caught",
        &["ERROR Page fault! Error code: 0x2, not mapped, write, kernel mode. Accessed address: 0xfffff0"],
    ),
    reports(
        "write_dead_region",
        "a_write_to_a_region_that_was_given_back_is_caught",
        &["ERROR Page fault! Error code: 0x2, not mapped, write, kernel mode. Accessed address: 0xfffff0"],
    ),
    reaches_last_line(
        "poison",
        "freed_memory_is_poisoned",
        &[],
        "Freed memory is poisoned: true",
    ),
    reports(
        "lock_twice",
        "a_lock_that_is_taken_twice_is_reported",
        &["Holding a lock: 0", "deadlock: the processor already holds this lock"],
    ),
];

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = Vec::from(EXPECTATIONS.map(|expectation| expectation.test("memory")));
    // The firmware determines the memory map, and with it the results.
    for kind in FIRMWARES {
        let firmware = firmware_name(kind);
        let mut add = |rule: &str, limit_s, run: fn(FirmwareKind, Deadline) -> Outcome| {
            let name = format!("memory::{rule}_on_{firmware}");
            scenarios.push(Scenario::new(name, limit_s, move |deadline| run(kind, deadline)));
        };
        let limit_s = 2 * boot_limit_s(kind);
        add("every_page_is_mapped_as_drawn", limit_s, |kind, deadline| {
            as_drawn(kind, 256, deadline)
        });
        add(
            "every_page_of_a_large_machine_is_mapped_as_drawn",
            limit_s,
            |kind, deadline| as_drawn(kind, LARGE_MIB, deadline),
        );
        add("physical_memory_is_given_and_comes_back", limit_s, comes_back);
        add("an_empty_heap_gives_errors_and_recovers", 60, exhaustion);
    }
    scenarios.extend([
        Scenario::new("memory::a_storm_on_the_heap_loses_nothing", 180, storm),
        Scenario::new("memory::no_stack_is_used_to_more_than_half", 60, stack_use),
    ]);
    scenarios
}

/// Checks on all processors that each page lies where the address space's plan has it, is as large as possible, and has
/// the right permissions and memory type, and that accesses obey them.
fn as_drawn(kind: FirmwareKind, memory_mib: u32, deadline: Deadline) -> Outcome {
    let mut booted = start_with_memory(kind, "address_space", memory_mib, deadline)?;
    booted.expect_ending(&Ending::Passed)?;
    let text = booted.text();
    let counts = text.split_once("Audited pages: ").map(|(_, rest)| rest);
    let counts = counts.and_then(|rest| rest.lines().next()).unwrap_or_default();
    // Pixels, registers, stacks, pages of the largest size.
    let counts: Vec<u64> = counts.split(' ').filter_map(|word| word.parse().ok()).collect();
    let [pixels, registers, stacks, largest] = counts.as_slice() else {
        return Err(booted.failed(&format!("four numbers are expected, not {counts:?}")));
    };
    booted.check(
        *pixels != 0 && *registers != 0 && *stacks != 0 && (*largest != 0) == (memory_mib == LARGE_MIB),
        &format!("there are pages that were not looked at: {counts:?}"),
    )
}

/// Checks memory below an address limit, frames of all sizes, and refused requests.
fn comes_back(kind: FirmwareKind, deadline: Deadline) -> Outcome {
    let mut booted = start_with_memory(kind, "physical_memory", LARGE_MIB, deadline)?;
    booted.expect("All memory was freed: true")?;
    let text = booted.text();
    booted.check(!text.contains(" ERROR "), "there is an error")?;
    for words in [
        "The boot loader's memory is poisoned: true",
        "The freed buffer is poisoned: true",
        "UsedByKernel(PageTables)",
        "Allocated a frame of 4 KiB",
        "Allocated a frame of 2048 KiB",
        "Allocated a frame of 1048576 KiB",
    ] {
        booted.check(text.contains(words), &format!("the log lacks {words:?}"))?;
    }
    Ok(())
}

/// Starts the test kernel on a machine with this memory.
fn start_with_memory(
    kind: FirmwareKind,
    scenario: &str,
    memory_mib: u32,
    deadline: Deadline,
) -> Result<Booted, libtest_mimic::Failed> {
    let mut machine = machine(kind, &test_kernel_iso(&format!("scenario={scenario}"))?)?;
    machine.memory_mib = memory_mib;
    Booted::start(&machine, deadline)
}

/// Checks that fallible allocations fail when the memory is exhausted, and succeed afterwards; an infallible one
/// panics.
fn exhaustion(kind: FirmwareKind, deadline: Deadline) -> Outcome {
    let mut booted = start(kind, "heap_exhaustion", deadline)?;
    booted.expect_ending(&Ending::Failed)?;
    let text = booted.text();
    let given_kib = text
        .split("The heap allocated ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok());
    // Of the machine's 256 MiB, the heap gets the remaining whole pieces.
    booted.check(
        given_kib.is_some_and(|kib| kib > 180 * 1024),
        &format!("the heap allocated only {given_kib:?} KiB"),
    )?;
    booted.check(
        text.contains("Allocated a box after that: 42"),
        "the heap did not recover",
    )?;
    booted.check(
        text.contains("memory allocation of 1073741824 bytes failed"),
        "too large an allocation did not panic",
    )
}

/// Checks that a million random allocations and frees on four processors lose no memory.
fn storm(deadline: Deadline) -> Outcome {
    let mut booted = start(FirmwareKind::Bios, "heap_storm", deadline)?;
    booted.expect_ending(&Ending::Passed)?;
    let text = booted.text();
    booted.check(text.contains("The storm is over: "), "the storm has no end")
}

/// Checks the high-water mark of each processor's stacks: at least half of each stack stays free.
fn stack_use(deadline: Deadline) -> Outcome {
    let mut booted = start(FirmwareKind::Bios, "stack_use", deadline)?;
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

/// Parses the numbers of a line `Stack use: … USED of SIZE bytes`.
fn used_and_size(message: &str) -> Option<(u64, u64)> {
    let rest = message.strip_prefix("Stack use: ")?.strip_suffix(" bytes")?;
    let (used, size) = rest.split_once(" of ")?;
    Some((used.rsplit(' ').next()?.parse().ok()?, size.parse().ok()?))
}
