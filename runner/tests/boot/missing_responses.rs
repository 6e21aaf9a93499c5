//! The shipped kernel under a boot loader that leaves something out: it boots, and says what is missing.
//!
//! Our loader's test hooks take the responses away, so these need GRUB.

use iso_image::{BootText, IsoName, Module, Payload};
use libtest_mimic::Failed;
use runner::{Ending, FirmwareKind, LoaderKind, built};

use crate::booted::Booted;
use crate::host::{FIRMWARES, TEST_LOADER, boot_limit_s, file, firmware_name, iso_with, machine};
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

/// Where the frame buffer of QEMU's standard display adapter lies with BIOS.
const FRAME_BUFFER_START: u64 = 0xfd00_0000;

/// A memory map that no machine should have: first byte, length, kind. The first calls the frame buffer of QEMU's
/// standard display adapter usable memory, the last reserves everything: where two meet, the reservation holds.
const ODD_MAP: [[u64; 3]; 8] = [
    [FRAME_BUFFER_START, 0x100_0000, 0],
    [0x10_0000, 0x100_0000, 0],
    [0x20_0000, 0x10_0000, 6],
    [0x1000, 0, 0],
    [u64::MAX - 0xfff, 0x10_0000, 0],
    [0x123, 0x456, 0],
    [0x3000_0000, 0x1000, 99],
    [0, u64::MAX, 1],
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
        "missing_responses::kernel_refuses_a_map_in_which_all_memory_is_reserved_too",
        boot_limit_s(FirmwareKind::Bios),
        refuses_odd_map,
    ));
    scenarios.push(Scenario::new(
        "missing_responses::kernel_boots_with_a_spoilt_madt",
        boot_limit_s(FirmwareKind::Bios),
        boots_with_spoilt_madt,
    ));
    scenarios.push(Scenario::new(
        "missing_responses::spoiling_a_table_that_is_not_there_fails",
        boot_limit_s(FirmwareKind::Bios),
        fails_to_spoil,
    ));
    scenarios
}

/// Overlapping, empty, wrapping and unknown ranges in no order, and one that reserves everything: the kernel says in one
/// line why it cannot boot, nothing panics, and a screen that would lie in memory is not drawn on.
fn refuses_odd_map(deadline: Deadline) -> Outcome {
    let map: Vec<u8> = ODD_MAP
        .iter()
        .flatten()
        .flat_map(|word: &u64| word.to_le_bytes())
        .collect();
    let mut contents = built::contents()?;
    contents.multiboot2_loader = Some(TEST_LOADER.into());
    contents.command_line = BootText::new("loader.map=/odd_map")?;
    contents.modules.push(Module {
        name: IsoName::new("odd_map")?,
        payload: Payload::Verbatim(file("odd_map", &map)?),
        string: BootText::default(),
    });
    let iso = iso_with(contents, Some(LoaderKind::Grub))?;
    let mut booted = Booted::start(&machine(FirmwareKind::Bios, &iso)?, deadline)?;
    booted.expect("ERROR cannot boot: 2048 KiB of memory in one piece are needed to begin")?;
    let errors = booted.log_lines().iter().filter(|line| line.level == "ERROR").count();
    booted.check(errors == 1, "not exactly one line of an error")?;
    let ranges = format!("{} ranges in the memory map", ODD_MAP.len());
    booted.check(
        booted.text().contains(&ranges),
        &format!("the kernel did not see {ranges}"),
    )?;
    let refusal = format!("The frame buffer cannot be used: InRam {{ start: {FRAME_BUFFER_START}");
    booted.check(
        booted
            .log_lines()
            .iter()
            .any(|line| line.level == "WARN" && line.message.starts_with(&refusal)),
        &format!("no warning {refusal:?}"),
    )
}

/// Starts the shipped kernel with words for our loader.
fn start_with_words(words: &str, deadline: Deadline) -> Result<Booted, Failed> {
    let mut contents = built::contents()?;
    contents.multiboot2_loader = Some(TEST_LOADER.into());
    contents.command_line = BootText::new(words)?;
    let iso = iso_with(contents, Some(LoaderKind::Grub))?;
    Booted::start(&machine(FirmwareKind::Bios, &iso)?, deadline)
}

/// The loader spoils the table after it read it itself: the kernel meets it, and does not trip over it.
fn boots_with_spoilt_madt(deadline: Deadline) -> Outcome {
    let mut booted = start_with_words("loader.garble-table=APIC", deadline)?;
    booted.expect("All 4 processors are up and idle")?;
    let lines = booted.log_lines();
    let error = lines.iter().find(|line| line.level == "ERROR");
    booted.check(error.is_none(), &format!("an error: {error:?}"))
}

/// Without this a boot with a spoilt table could be one with nothing spoilt. QEMU ends with the failing exit code.
fn fails_to_spoil(deadline: Deadline) -> Outcome {
    let mut booted = start_with_words("loader.debug-exit loader.garble-table=NONE", deadline)?;
    booted.expect_ending(&Ending::Failed)?;
    let reason = "there is no ACPI table NONE";
    booted.check(booted.text().contains(reason), &format!("no line {reason:?}"))
}

/// Boots with less, says so, and gives no error.
fn boots_without(kind: FirmwareKind, words: &str, says: &str, cpus: u32, deadline: Deadline) -> Outcome {
    let mut contents = built::contents()?;
    contents.multiboot2_loader = Some(TEST_LOADER.into());
    contents.command_line = BootText::new(words)?;
    let iso = iso_with(contents, Some(LoaderKind::Grub))?;
    let mut booted = Booted::start(&machine(kind, &iso)?, deadline)?;
    booted.expect(&format!("All {cpus} processors are up and idle"))?;
    let lines = booted.log_lines();
    booted.check(
        lines.iter().any(|line| line.message.contains(says)),
        &format!("no line with {says:?}"),
    )?;
    let error = lines.iter().find(|line| line.level == "ERROR");
    booted.check(error.is_none(), &format!("an error: {error:?}"))
}
