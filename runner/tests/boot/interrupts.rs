//! Interrupts, clock, and remote calls.

use std::collections::HashMap;

use runner::{Ending, FirmwareKind, Machine};

use crate::booted::Booted;
use crate::host::{FIRMWARES, ONE_THREAD, firmware_name, machine, test_kernel_iso};
use crate::scenario::{Deadline, Outcome, Scenario};

/// First vector that is not an exception.
const FIRST_VECTOR: u8 = 0x20;

/// Period of the timer's ticks.
const TICK_PERIOD_MS: u32 = 10;

/// Maximum number of missing ticks in a second, if QEMU counts instructions as time.
const MISSING_IN_A_COUNTED_SECOND: u32 = 3;

/// Maximum number of missing ticks in a second of host time, in which the guest may hardly run.
const MISSING_IN_A_SECOND: u32 = 99;

/// Machines with different local APICs.
const CPU_MODELS: [(&str, &str); 2] = [("with_x2apic", "max"), ("without_x2apic", "max,-x2apic")];

/// Maximum number of processors of a scenario that have a host thread each.
const CPUS_AT_ONCE: u32 = 4;

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for kind in FIRMWARES {
        for (name, cpu_model) in CPU_MODELS {
            let name = format!(
                "interrupts::controllers_in_odd_states_are_taken_over_on_{}_{name}",
                firmware_name(kind)
            );
            scenarios.push(Scenario::new(name, 60, move |deadline| {
                odd_firmware(kind, cpu_model, deadline)
            }));
        }
    }
    for (name, cpu_model) in CPU_MODELS {
        let name = format!("interrupts::every_vector_is_named_once_and_survived_{name}");
        scenarios.push(Scenario::new(name, 120, move |deadline| {
            every_vector(cpu_model, deadline)
        }));
    }
    for (scenario, rule, cpus, limit_s) in [
        ("clock", "the_clock_never_steps_back", 4, 60),
        ("remote_calls", "processors_call_each_other", 4, 60),
        ("remote_calls", "16_processors_call_each_other", 16, 240),
        ("shootdowns", "no_processor_reads_through_a_stale_translation", 4, 300),
    ] {
        let name = format!("interrupts::{rule}");
        scenarios.push(Scenario::new(name, limit_s, move |deadline| {
            passes(scenario, cpus, deadline)
        }));
    }
    for (kind, machine_type) in [
        (FirmwareKind::Bios, "q35"),
        (FirmwareKind::Bios, "pc"),
        (FirmwareKind::Uefi, "q35"),
    ] {
        let name = format!(
            "interrupts::a_device_interrupts_the_processor_that_it_is_routed_to_on_{}_{machine_type}",
            firmware_name(kind)
        );
        scenarios.push(Scenario::new(name, 60, move |deadline| {
            device_interrupt(kind, machine_type, deadline)
        }));
    }
    scenarios.extend(single_scenarios());
    scenarios
}

/// Scenarios that run on one machine.
fn single_scenarios() -> [Scenario; 7] {
    let with_x2apic = |deadline| ticks(|_| {}, MISSING_IN_A_SECOND, deadline);
    [
        Scenario::new("interrupts::sleepers_wake", 60, sleepers_wake),
        Scenario::new(
            "interrupts::non_maskable_interrupts_stop_no_processor",
            60,
            non_maskable,
        ),
        Scenario::new(
            "interrupts::a_remote_call_without_an_answer_is_reported_and_ends_the_kernel",
            60,
            no_answer,
        ),
        Scenario::new(
            "interrupts::a_processor_that_does_not_boot_is_named",
            60,
            lost_processor,
        ),
        Scenario::new("slow::no_route_leads_to_processor_299", 240, no_route),
        Scenario::new(
            "interrupts::8_processors_get_100_ticks_in_a_counted_second",
            120,
            |deadline| ticks(count_seconds, MISSING_IN_A_COUNTED_SECOND, deadline),
        ),
        Scenario::new("interrupts::8_processors_get_their_ticks_with_x2apic", 120, with_x2apic).alone(),
    ]
}

/// Starts the test kernel.
fn start(
    kind: FirmwareKind,
    scenario: &str,
    change: impl FnOnce(&mut Machine),
    deadline: Deadline,
) -> Result<Booted, libtest_mimic::Failed> {
    let mut machine = machine(kind, &test_kernel_iso(&format!("scenario={scenario}"))?)?;
    change(&mut machine);
    Booted::start(&machine, deadline)
}

/// Runs a scenario that reports success by its exit code. Up to [`CPUS_AT_ONCE`] processors run at the same time, more than
/// that in turns: on two cores of the host they would spin most of the time (measured for 16: 3 instead of 62 s).
fn passes(scenario: &str, cpus: u32, deadline: Deadline) -> Outcome {
    let change = |machine: &mut Machine| {
        machine.cpus = cpus;
        if cpus > CPUS_AT_ONCE {
            machine.qemu_arguments = ONE_THREAD.map(Into::into).into();
        }
    };
    let mut booted = start(FirmwareKind::Bios, scenario, change, deadline)?;
    booted.expect_ending(&Ending::Passed)
}

/// Checks that each processor logs each vector once, by number and, if it has one, name.
fn every_vector(cpu_model: &str, deadline: Deadline) -> Outcome {
    let change = |machine: &mut Machine| machine.cpu_model = cpu_model.to_owned();
    let mut booted = start(FirmwareKind::Bios, "all_vectors", change, deadline)?;
    booted.expect_ending(&Ending::Passed)?;
    let mut counts: HashMap<(String, u8), u32> = HashMap::new();
    for line in booted.log_lines() {
        if let Some(vector) = vector_of(&line.message) {
            *counts.entry((line.cpu, vector)).or_default() += 1;
        }
    }
    for cpu in 0..4 {
        for vector in FIRST_VECTOR..=u8::MAX {
            let count = counts.get(&(cpu.to_string(), vector)).copied().unwrap_or(0);
            booted.check(
                count == 1,
                &format!("vector {vector:#x} on processor {cpu}: {count} lines"),
            )?;
        }
    }
    for name in [
        "0x20 (LocalApicSpurious)",
        "0x21 (LocalApicTimer)",
        "0x22 (LocalApicError)",
        "0x23 (RemoteCall)",
        "0xe7 (8259, line 7)",
    ] {
        booted.check(booted.text().contains(name), &format!("nothing is called {name:?}"))?;
    }
    Ok(())
}

/// Checks that the kernel enables disabled local APICs, moves unmasked 8259s to their new vectors and masks them, and
/// masks the inputs of the I/O APIC.
fn odd_firmware(kind: FirmwareKind, cpu_model: &str, deadline: Deadline) -> Outcome {
    let change = |machine: &mut Machine| machine.cpu_model = cpu_model.to_owned();
    let mut booted = start(kind, "odd_firmware", change, deadline)?;
    booted.expect("All 4 processors are up and idle")?;
    let first_interrupts = |booted: &Booted| booted.text().matches("Received APIC timer interrupt").count();
    while first_interrupts(&booted) < 4 && !deadline.left().is_zero() {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    booted.check(first_interrupts(&booted) == 4, "not every processor's timer interrupts")?;
    let controllers = booted.command(
        "human-monitor-command",
        &serde_json::json!({ "command-line": "info pic" }),
    )?;
    let controllers = controllers.as_str().unwrap_or_default();
    for (name, base) in [("pic0", "irq_base=e0"), ("pic1", "irq_base=e8")] {
        let line = controllers.lines().find(|line| line.contains(name)).unwrap_or_default();
        booted.check(
            line.contains("imr=ff") && line.contains(base),
            &format!("not masked at its new vectors: {line:?}"),
        )?;
    }
    let inputs: Vec<&str> = controllers.lines().filter(|line| line.contains("dest=")).collect();
    booted.check(
        inputs.len() == 24 && inputs.iter().all(|line| line.contains("masked")),
        &format!("inputs of the I/O APIC: {inputs:#?}"),
    )
}

/// Parses the vector of a line `Interrupt VECTOR came, …`.
fn vector_of(message: &str) -> Option<u8> {
    let rest = message.strip_prefix("Interrupt 0x")?;
    u8::from_str_radix(rest.get(..2)?, 16).ok()
}

/// Checks that a sleep ends neither early nor much too late.
fn sleepers_wake(deadline: Deadline) -> Outcome {
    let mut booted = start(FirmwareKind::Bios, "sleep log.level=debug", |_| {}, deadline)?;
    booted.expect("End of the sleep")?;
    for words in [
        "Slept short: ",
        "Slept long: 1",
        "Slept with interrupts off: ",
        "Clock refined: TSC ",
    ] {
        booted.check(booted.text().contains(words), &format!("the log lacks {words:?}"))?;
    }
    Ok(())
}

/// Lets QEMU count instructions as time. QEMU 10.0 then ends with "Bad icount read" if a timer in x2APIC mode is used.
/// used then.
fn count_seconds(machine: &mut Machine) {
    machine.cpu_model = "max,-x2apic".to_owned();
    machine.qemu_arguments = ["-accel", "tcg", "-icount", "shift=0,sleep=off"].map(Into::into).into();
}

/// Checks that the PIT interrupts the processor of its route, and no processor once it is masked. Impossible routes are
/// refused.
fn device_interrupt(kind: FirmwareKind, machine_type: &str, deadline: Deadline) -> Outcome {
    let change = |machine: &mut Machine| machine.qemu_arguments = ["-M", machine_type].map(Into::into).into();
    let mut booted = start(kind, "device_interrupt", change, deadline)?;
    booted.expect("End of the routes")?;
    for words in [
        "PIT at GSI 2: 0 after the mask, 0 on a wrong processor",
        "Not routed: no I/O APIC has the interrupt 9999",
        "Not routed: there is no processor 4",
        "Not routed: vector 0x1f is that of an exception",
    ] {
        booted.check(booted.text().contains(words), &format!("the log lacks {words:?}"))?;
    }
    Ok(())
}

/// Checks that, without interrupt remapping, an I/O APIC refuses local APIC ids above 254.
fn no_route(deadline: Deadline) -> Outcome {
    let change = |machine: &mut Machine| {
        machine.cpus = 300;
        machine.memory_mib = 1024;
        machine.cpu_model = "qemu64,+x2apic".to_owned();
    };
    let mut booted = start(FirmwareKind::Bios, "route_out_of_reach", change, deadline)?;
    booted.expect("Not routed: processor 299 has the APIC id 299, and an I/O APIC reaches 254 at most")
}

/// Checks that a late answer is reported in one line, and that a missing answer ends the kernel, even if the target
/// holds the log.
fn no_answer(deadline: Deadline) -> Outcome {
    let mut booted = start(FirmwareKind::Bios, "no_answer", |_| {}, deadline)?;
    booted.expect_ending(&Ending::Failed)?;
    let text = booted.text();
    for (call, ms) in [("answer late", 1_200), ("answer never", 1_200)] {
        let reports: Vec<u64> = text
            .lines()
            .filter(|line| line.starts_with("[0] WARN ") && line.contains(&format!("remote call {call:?}")))
            .filter(|line| line.contains("for processor 1 to answer"))
            .filter_map(|line| {
                line.split_once("processor 0 has waited ")?
                    .1
                    .split(' ')
                    .next()?
                    .parse()
                    .ok()
            })
            .collect();
        booted.check(
            matches!(reports[..], [waited] if waited >= ms),
            &format!("reports of {call:?} by the time waited: {reports:?}"),
        )?;
    }
    booted.check(text.contains("INFO  Answered"), "the late answer was not taken")?;
    let panic = text.split_once("ERROR panicked at ").map_or("", |(_, report)| report);
    booted.check(
        panic.contains("for processor 1 to answer the remote call \"answer never\""),
        "the panic does not say which processor did not answer",
    )
}

/// Checks that the log names a processor that never leaves its entry, and the boot stage that it reached.
fn lost_processor(deadline: Deadline) -> Outcome {
    let mut booted = start(FirmwareKind::Bios, "lost_processor", |_| {}, deadline)?;
    booted.expect("WARN  Processors not up after 5 s, 1 of 4: 2 (Entered).")
}

/// Sends NMIs while all processors take locks and log: each NMI is logged, and the processors continue.
fn non_maskable(deadline: Deadline) -> Outcome {
    const NMIS: usize = 20;
    let mut booted = start(FirmwareKind::Bios, "busy", |_| {}, deadline)?;
    booted.expect("Busy: 1000")?;
    for _ in 0..NMIS {
        booted.command("inject-nmi", &serde_json::json!({}))?;
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let busy_lines = |booted: &Booted| booted.text().matches("Busy: ").count();
    let before = busy_lines(&booted);
    while busy_lines(&booted) < before + 20 && !deadline.left().is_zero() {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    booted.check(busy_lines(&booted) >= before + 20, "the processors do not continue")?;
    let logged = booted.text().matches("Non-maskable interrupt!").count();
    booted.check(
        logged >= NMIS,
        &format!("{NMIS} NMIs to each of 4 processors gave {logged} lines"),
    )
}

/// Checks that every processor gets its ticks in a second of guest time, and no more than are due.
fn ticks(change: fn(&mut Machine), most_missing: u32, deadline: Deadline) -> Outcome {
    let change = |machine: &mut Machine| {
        machine.cpus = 8;
        change(machine);
    };
    let mut booted = start(FirmwareKind::Bios, "ticks", change, deadline)?;
    booted.expect_ending(&Ending::Passed)?;
    let counts: Vec<(u32, u32)> = booted
        .log_lines()
        .iter()
        .filter_map(|line| ticks_of(&line.message))
        .collect();
    // The first tick comes at once or after a period.
    let is_due = |(count, ms): &(u32, u32)| (100 - most_missing..=ms / TICK_PERIOD_MS + 1).contains(count);
    booted.check(
        counts.len() == 8 && counts.iter().all(is_due),
        &format!("ticks, and milliseconds in which they came, by processor: {counts:?}"),
    )?;
    let firsts = booted.text().matches("Received APIC timer interrupt").count();
    booted.check(
        firsts == 8,
        &format!("{firsts} processors have logged their first interrupt"),
    )
}

/// Parses the numbers of a line `Processor … has had COUNT ticks in TIME ms`.
fn ticks_of(message: &str) -> Option<(u32, u32)> {
    let (_, rest) = message.strip_prefix("Processor ")?.split_once(" has had ")?;
    let (count, time) = rest.split_once(" ticks in ")?;
    Some((count.parse().ok()?, time.strip_suffix(" ms")?.parse().ok()?))
}
