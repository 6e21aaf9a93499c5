//! A panic stops the machine: every processor halts, and no line follows the report.

use runner::FirmwareKind;
use serde_json::json;

use crate::booted::Booted;
use crate::host::{machine, test_kernel_iso};
use crate::scenario::{Deadline, Outcome, Scenario};

/// Scenario of the test kernel, test name, processors, and time limit in seconds.
const CASES: [(&str, &str, u32, u64); 4] = [
    ("panic_while_others_log", "a_panic_stops_4_processors_that_log", 4, 30),
    (
        "panic_while_others_log",
        "a_panic_stops_64_processors_that_log",
        64,
        240,
    ),
    (
        "panic_while_others_start",
        "a_panic_stops_4_processors_that_start",
        4,
        30,
    ),
    (
        "panic_while_others_start",
        "a_panic_stops_64_processors_that_start",
        64,
        240,
    ),
];

pub(crate) fn scenarios() -> Vec<Scenario> {
    CASES
        .into_iter()
        .map(|(scenario, rule, cpus, limit_s)| {
            Scenario::new(format!("stopping::{rule}"), limit_s, move |deadline| {
                stops(scenario, cpus, deadline)
            })
        })
        .collect()
}

/// Checks that, after the report, no processor logs, and all halt.
fn stops(scenario: &str, cpus: u32, deadline: Deadline) -> Outcome {
    let iso = test_kernel_iso(&format!("scenario={scenario} panic=halt"))?;
    let mut machine = machine(FirmwareKind::Bios, &iso)?;
    machine.cpus = cpus;
    machine.memory_mib = 512;
    let mut booted = Booted::start(&machine, deadline)?;
    booted.expect("ERROR panicked at ")?;
    wait_until_all_halt(&mut booted, cpus, deadline)?;
    let text = booted.text();
    booted.check(text.matches("ERROR panicked at ").count() == 1, "more than one report")?;
    let (_, report) = text.split_once("ERROR panicked at ").unwrap_or_default();
    booted.check(
        !report.contains("] INFO ") && report.contains("call_with_rsp"),
        "the report is not the last that is said, and whole",
    )?;
    let hellos = text.matches("Hello from AP").count();
    let expected = if scenario == "panic_while_others_start" {
        1
    } else {
        cpus as usize - 1
    };
    booted.check(
        hellos == expected,
        &format!("{hellos} processors said hello, not {expected}"),
    )
}

/// Waits until QEMU reports each processor as halted with interrupts off; an idle processor halts with interrupts on.
fn wait_until_all_halt(booted: &mut Booted, cpus: u32, deadline: Deadline) -> Outcome {
    loop {
        let registers = booted.command("human-monitor-command", &json!({ "command-line": "info registers -a" }))?;
        let processors = registers.as_str().unwrap_or_default().split("CPU#");
        let halted = processors.filter(|text| has_stopped(text)).count();
        if halted == cpus as usize {
            return Ok(());
        }
        if deadline.left().is_zero() {
            return Err(booted.failed(&format!("only {halted} of {cpus} processors halt")));
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

/// Returns whether a processor halts with interrupts off, from QEMU's list of its registers.
fn has_stopped(registers: &str) -> bool {
    const INTERRUPT_FLAG: u32 = 1 << 9;
    let flags = registers.split_once("RFL=").and_then(|(_, rest)| rest.get(..8));
    let flags = flags.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    registers.contains("HLT=1") && flags.is_some_and(|flags| flags & INTERRUPT_FLAG == 0)
}
