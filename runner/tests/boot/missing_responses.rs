//! The shipped kernel under a boot loader that leaves something out: it boots, and says what is missing.
//!
//! Our loader's test hooks take the responses away, so these need GRUB.

use runner::{Ending, FirmwareKind};

use crate::booted::Booted;
use crate::host::{FIRMWARES, boot_limit_s, firmware_name, iso_with_words, machine_on_one_thread};
use crate::scenario::{Deadline, Outcome, Scenario};

/// Words for the loader, what the kernel has to say, and how many processors it finds of four.
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

/// All of the subject.
pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for kind in FIRMWARES {
        // UEFI differs from BIOS in nothing that the kernel does here, so one boot of it is enough.
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
        "missing_responses::spoiling_a_table_that_is_not_there_fails",
        boot_limit_s(FirmwareKind::Bios),
        fails_to_spoil,
    ));
    scenarios
}

/// Without this a boot with a spoilt table could be one with nothing spoilt. QEMU ends with the failing exit code.
fn fails_to_spoil(deadline: Deadline) -> Outcome {
    let iso = iso_with_words("loader.debug-exit loader.garble-table=NONE")?;
    let mut booted = Booted::start(&machine_on_one_thread(FirmwareKind::Bios, &iso)?, deadline)?;
    booted.expect_ending(&Ending::Failed)?;
    let reason = "there is no ACPI table NONE";
    booted.check(booted.text().contains(reason), &format!("no line {reason:?}"))
}

/// Boots with less, says so, and gives no error.
fn boots_without(kind: FirmwareKind, words: &str, says: &str, cpus: u32, deadline: Deadline) -> Outcome {
    let mut booted = Booted::start(&machine_on_one_thread(kind, &iso_with_words(words)?)?, deadline)?;
    booted.expect(&format!("All {cpus} processors are up and idle"))?;
    let lines = booted.log_lines();
    booted.check(
        lines.iter().any(|line| line.message.contains(says)),
        &format!("no line with {says:?}"),
    )?;
    let error = lines.iter().find(|line| line.level == "ERROR");
    booted.check(error.is_none(), &format!("an error: {error:?}"))
}
