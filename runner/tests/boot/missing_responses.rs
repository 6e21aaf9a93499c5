//! The shipped kernel under a boot loader that omits responses: it boots, and reports what is missing.
//!
//! Our loader's test hooks remove the responses, so these tests need GRUB.

use runner::{Ending, FirmwareKind};

use crate::booted::Booted;
use crate::host::{FIRMWARES, boot_limit_s, firmware_name, iso_with_words, machine_on_one_thread};
use crate::scenario::{Deadline, Outcome, Scenario};

/// Words for the loader, expected log lines, and the number of processors out of four.
const CASES: [(&str, &str, &str, u32); 4] = [
    ("without_an_rsdp", "loader.no-rsdp", "No RSDP", 4),
    ("without_a_frame_buffer", "loader.no-framebuffer", "No frame buffer", 4),
    (
        "without_an_mp_response",
        "loader.no-mp",
        "started no other processors",
        1,
    ),
    (
        "without_all_three",
        "loader.no-rsdp loader.no-framebuffer loader.no-mp",
        "No RSDP",
        1,
    ),
];

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for kind in FIRMWARES {
        // The kernel acts the same with UEFI and BIOS here, so one boot with UEFI is enough.
        let cases = if kind == FirmwareKind::Bios {
            &CASES[..]
        } else {
            &CASES[3..]
        };
        for (name, words, says, cpus) in cases.iter().copied() {
            let name = format!("missing_responses::kernel_boots_on_{}_{name}", firmware_name(kind));
            scenarios.push(Scenario::new(name, boot_limit_s(kind), move |deadline| {
                boots_without(kind, words, says, cpus, deadline)
            }));
        }
    }
    scenarios.push(Scenario::new(
        "missing_responses::corrupting_a_missing_table_fails",
        boot_limit_s(FirmwareKind::Bios),
        corrupts_missing_table,
    ));
    scenarios
}

/// Checks that corrupting a missing table is an error: otherwise a test could boot unmodified tables. QEMU ends with
/// the failing exit code.
fn corrupts_missing_table(deadline: Deadline) -> Outcome {
    let iso = iso_with_words("loader.debug-exit loader.garble-table=NONE")?;
    let mut booted = Booted::start(&machine_on_one_thread(FirmwareKind::Bios, &iso)?, deadline)?;
    booted.expect_ending(&Ending::Failed)?;
    let reason = "there is no ACPI table NONE";
    booted.check(booted.text().contains(reason), &format!("no line {reason:?}"))
}

/// Boots without a response: the kernel warns, and logs no error.
fn boots_without(kind: FirmwareKind, words: &str, expected: &str, cpus: u32, deadline: Deadline) -> Outcome {
    let mut booted = Booted::start(&machine_on_one_thread(kind, &iso_with_words(words)?)?, deadline)?;
    booted.expect(&format!("All {cpus} processors are up and idle"))?;
    let lines = booted.log_lines();
    booted.check(
        lines.iter().any(|line| line.message.contains(expected)),
        &format!("no line with {expected:?}"),
    )?;
    let error = lines.iter().find(|line| line.level == "ERROR");
    booted.check(error.is_none(), &format!("an error: {error:?}"))
}
