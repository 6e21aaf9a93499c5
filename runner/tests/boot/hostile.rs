//! Programs that attack the kernel: the kernel kills each, or keeps its promises, and continues.
//!
//! One boot runs all cases, each followed by a canary program. QEMU's debug console, to which no program can write,
//! reports how each ended; the kernel's log contains the reason.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use iso_image::{BootText, IsoName, Module, Payload};
use libtest_mimic::Failed;
use runner::{Display, Ending, FirmwareKind, Machine};

use crate::booted::Booted;
use crate::host::{FIRMWARES, ONE_THREAD, contents_with_kernel, file, firmware_name, iso_with, machine, new_path};
use crate::hostile_cases::{End, SURVIVED, cases, cases_for_much_memory};
use crate::scenario::{Deadline, Outcome, Scenario};

const HOSTILE_PROGRAM: &str = env!("CARGO_BIN_FILE_HOSTILE_PROGRAM");

/// CPU models that differ in SMAP, UMIP and vendor: name, model, and whether it has UMIP.
const CPU_MODELS: [(&str, &str, bool); 3] = [
    ("max", "max", true),
    ("qemu64", "qemu64", false),
    ("skylake", "Skylake-Client,+umip", true),
];

/// Memory in MiB. Records of every second frame, and page tables for all memory, must exceed the 8 MiB that the kernel
/// reserves for itself.
const MUCH_MEMORY_MIB: u32 = 1536;

/// The model whose processors run at the same time, with BIOS. Elsewhere they take turns on one thread of the host, which
/// takes half of its time.
const MODEL_WITH_CPUS_AT_ONCE: &str = "max";

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for kind in FIRMWARES {
        // One model suffices with UEFI: programs do not depend on the firmware.
        let models = if kind == FirmwareKind::Bios {
            &CPU_MODELS[..]
        } else {
            &CPU_MODELS[..1]
        };
        for (name, model, has_umip) in models.iter().copied() {
            let rule = format!("no_program_takes_the_kernel_down_on_{}_{name}", firmware_name(kind));
            let is_slow = kind == FirmwareKind::Uefi || name == "skylake";
            let rule = if is_slow {
                format!("slow::hostile_{rule}")
            } else {
                format!("hostile::{rule}")
            };
            scenarios.push(Scenario::new(rule, 300, move |deadline| {
                let cases = cases();
                let (mut machine, ends_file) = attacked_machine(kind, &cases)?;
                machine.cpu_model = model.to_owned();
                if kind != FirmwareKind::Bios || model != MODEL_WITH_CPUS_AT_ONCE {
                    machine.qemu_arguments.extend(ONE_THREAD.map(Into::into));
                }
                let booted = attack(&machine, &ends_file, &cases, has_umip, deadline)?;
                booted.check(
                    booted.text().contains(r" a::\u{9b}2J+0x"),
                    "the function with an odd name is not named",
                )?;
                booted.check(
                    booted.text().contains("INFO  Returns by iretq: 1"),
                    "a call at the end of the half did not return by `iretq` once",
                )
            }));
        }
    }
    scenarios.push(Scenario::new(
        "slow::hostile_much_memory_does_not_help_a_program",
        300,
        |deadline| {
            let cases = cases_for_much_memory();
            let (mut machine, ends_file) = attacked_machine(FirmwareKind::Bios, &cases)?;
            machine.memory_mib = MUCH_MEMORY_MIB;
            machine.qemu_arguments.extend(ONE_THREAD.map(Into::into));
            attack(&machine, &ends_file, &cases, false, deadline).map(drop)
        },
    ));
    scenarios.push(
        Scenario::new(
            "hostile::the_lines_of_a_program_do_not_keep_interrupts_out",
            120,
            long_lines,
        )
        .alone(),
    );
    scenarios.push(Scenario::new(
        "hostile::the_kernel_ticks_and_logs_beside_an_endless_program",
        60,
        endless,
    ));
    scenarios
}

/// Makes a machine with the test kernel, the hostile program and its cases.
fn hostile_machine(kind: FirmwareKind, command_line: &str, cases: &str) -> Result<Machine, Failed> {
    let mut contents = contents_with_kernel(bench::test_kernel(), command_line)?;
    for (name, payload) in [
        ("hostile_program", Payload::Program(HOSTILE_PROGRAM.into())),
        ("cases", Payload::Verbatim(file("cases", cases.as_bytes())?)),
    ] {
        contents.modules.push(Module {
            name: IsoName::new(name)?,
            payload,
            string: BootText::default(),
        });
    }
    machine(kind, &iso_with(contents, None)?)
}

/// Starts a machine with cases. Also returns the path of its debug console's output.
fn attacked_machine(kind: FirmwareKind, cases: &[(String, End)]) -> Result<(Machine, PathBuf), Failed> {
    let lines: String = cases.iter().map(|(arguments, _)| format!("{arguments}\n")).collect();
    let mut machine = hostile_machine(kind, "scenario=programs log.level=info", &lines)?;
    let ends_file = new_path("program_ends");
    machine.display = Display::NoAdapter;
    add_debug_console(&mut machine, &ends_file);
    Ok((machine, ends_file))
}

/// Runs cases and checks how each ended.
fn attack(
    machine: &Machine,
    ends_file: &Path,
    cases: &[(String, End)],
    has_umip: bool,
    deadline: Deadline,
) -> Result<Booted, Failed> {
    let mut booted = Booted::start(machine, deadline)?;
    booted.expect_ending(&Ending::Passed)?;
    let text = booted.text();
    let ends = fs::read_to_string(ends_file)?;
    let wrong = wrong_ends(cases, &ends, &text, has_umip);
    booted.check(wrong.is_empty(), &wrong)?;
    check_log(&booted, &text)?;
    Ok(booted)
}

/// Adds QEMU's debug console, which writes to a file.
fn add_debug_console(machine: &mut Machine, file: &Path) {
    machine.extra_arguments.push("-chardev".into());
    machine
        .extra_arguments
        .push(format!("file,id=program_ends,path={}", file.display()).into());
    machine.extra_arguments.push("-device".into());
    machine
        .extra_arguments
        .push("isa-debugcon,iobase=0xe9,chardev=program_ends".into());
}

/// Lists the cases and canaries with an unexpected end.
fn wrong_ends(cases: &[(String, End)], ends: &str, text: &str, has_umip: bool) -> String {
    // The kernel starts each line with a line feed, so that it never continues a program's line.
    let ends: Vec<&str> = ends.lines().filter(|line| !line.is_empty()).collect();
    let mut wrong = String::new();
    let expected_count = 2 * cases.len() + 1;
    if ends.len() != expected_count || ends.last() != Some(&"program exited 0") {
        let _ = writeln!(
            wrong,
            "{} programs ended, not {expected_count}, the last: {:?}",
            ends.len(),
            ends.last()
        );
    }
    for ((arguments, end), ended) in cases.iter().zip(ends.chunks(2)) {
        let reason = reason_of(text, arguments);
        if !is_as_expected(*end, ended[0], reason, has_umip) {
            let _ = writeln!(wrong, "{arguments:?}: {:?} ({reason}), not {end:?}", ended[0]);
        }
        if ended.get(1) != Some(&"program exited 0") {
            let _ = writeln!(wrong, "the canary after {arguments:?}: {:?}", ended.get(1));
        }
    }
    wrong
}

/// Finds the logged reason for a case's end.
fn reason_of<'text>(text: &'text str, arguments: &str) -> &'text str {
    let (_, rest) = text
        .split_once(&format!("INFO  Case {arguments:?} ended: "))
        .unwrap_or_default();
    rest.lines().next().unwrap_or_default()
}

/// Returns whether a case ended as expected, from the debug console's line and the logged reason.
fn is_as_expected(end: End, ended: &str, reason: &str, has_umip: bool) -> bool {
    let exited = |code: u64| ended == format!("program exited {code}") && reason == format!("exited {code}");
    let killed_for = |words: &str| ended == "program killed" && reason.starts_with(&format!("killed: {words}"));
    match end {
        End::Exits(code) => exited(code),
        End::KilledFor(words) => killed_for(words),
        End::KilledForOneOf(words) => words.into_iter().any(killed_for),
        End::KilledOnHardware(words) => killed_for(words) || exited(SURVIVED),
        End::KilledWithUmip if has_umip => killed_for("General Protection Fault (0x0)"),
        End::KilledWithUmip => exited(SURVIVED),
    }
}

/// Checks that the kernel lost no frame and logged no error, and that no program forged a log line.
fn check_log(booted: &Booted, text: &str) -> Outcome {
    booted.check(
        text.contains("INFO  Frames in use: 0 more than before"),
        "frames are lost",
    )?;
    let lines = booted.log_lines();
    let foreign = lines
        .iter()
        .find(|line| line.level == "ERROR" && !line.message.starts_with("hostile_program: "));
    booted.check(foreign.is_none(), &format!("a kernel error: {foreign:?}"))?;
    for forged in [
        "[0] ERROR panicked at fake",
        "[0] INFO  Rebooting",
        "program exited 0\n",
    ] {
        let is_forged = text.lines().any(|line| line.starts_with(forged));
        booted.check(!is_forged, &format!("a program has written {forged:?}"))?;
    }
    // The kernel's own colours are already removed, with their escape characters.
    let obeyed = text
        .chars()
        .find(|character| character.is_control() && !"\r\n".contains(*character));
    booted.check(
        obeyed.is_none(),
        &format!("a program has sent {obeyed:?} to the terminal"),
    )
}

/// Checks that a processor handles many interrupts while its program logs lines of 20 KB.
fn long_lines(deadline: Deadline) -> Outcome {
    const LINES: u64 = 32;
    let machine = hostile_machine(FirmwareKind::Bios, "scenario=call_while_a_program_logs", "")?;
    let mut booted = Booted::start(&machine, deadline)?;
    booted.expect_ending(&Ending::Passed)?;
    let lines = booted.log_lines();
    let escaped = lines.iter().filter(|line| line.message.ends_with(r"\u{1}\u{1}"));
    booted.check(escaped.count() as u64 == LINES, "lines of the program are missing")?;
    let calls = lines.iter().find_map(|line| {
        let count = line.message.strip_suffix(" calls while a program logged")?;
        count.parse::<u64>().ok()
    });
    booted.check(
        calls.is_some_and(|calls| calls >= LINES * 20),
        &format!("{calls:?} interrupts came while a program logged {LINES} long lines"),
    )
}

/// Checks that timer interrupts and the log continue while a program loops.
fn endless(deadline: Deadline) -> Outcome {
    let machine = hostile_machine(FirmwareKind::Bios, "scenario=endless_program", "")?;
    let mut booted = Booted::start(&machine, deadline)?;
    let mut last = 0;
    for _ in 0..3 {
        let ticks = loop {
            let counts = booted.log_lines();
            let mut counts = counts
                .iter()
                .filter_map(|line| line.message.strip_prefix("Ticks on processor 0: "));
            if let Some(ticks) = counts.find_map(|count| count.parse::<u64>().ok().filter(|ticks| *ticks > last)) {
                break ticks;
            }
            if deadline.left().is_zero() {
                return Err(booted.failed("the processor of an endless program is not interrupted"));
            }
            booted.expect("Hello from BSP")?;
        };
        last = ticks;
    }
    Ok(())
}
