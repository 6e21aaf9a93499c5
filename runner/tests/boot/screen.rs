//! The screen: the log's glyphs, pixel for pixel, and a single colour.

use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::RgbColor;
use runner::{FirmwareKind, LoaderKind, built};

use crate::booted::Booted;
use crate::host::{FIRMWARES, boot_limit_s, firmware_name, iso_with, machine, shipped_iso, test_kernel_iso};
use crate::scenario::{Deadline, Outcome, Scenario};

/// Our loader's message about an adapter whose pixels have no address.
const NO_LINEAR_MEMORY: &str = "multiboot2_loader: warning: frame buffer refused: it has no linear memory (address 0)";

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for kind in FIRMWARES {
        let name = format!("screen::shows_the_log_on_{}", firmware_name(kind));
        scenarios.push(Scenario::new(name, boot_limit_s(kind), move |deadline| {
            shows_the_log(kind, deadline)
        }));
    }
    scenarios.push(Scenario::new(
        "screen::shows_the_last_lines_after_scrolling",
        30,
        shows_the_last_lines,
    ));
    scenarios.push(Scenario::new("screen::shows_a_panic", 15, shows_a_panic));
    scenarios.push(Scenario::new("screen::fill_solid_fills_it", 15, fills));
    scenarios.push(Scenario::new(
        "screen::is_refused_on_uefi_with_a_virtio_adapter",
        boot_limit_s(FirmwareKind::Uefi),
        refuses_virtio,
    ));
    scenarios.push(Scenario::new(
        "screen::shows_the_log_on_bios_with_a_cirrus_adapter",
        boot_limit_s(FirmwareKind::Bios),
        shows_the_log_on_cirrus,
    ));
    scenarios
}

/// Compares the screen with the serial log, once no more lines come.
fn expect_log_on_screen(booted: &mut Booted) -> Outcome {
    let lines = booted.log_lines();
    booted.expect_picture(|picture| match picture.first_difference(&picture.of_log(&lines)) {
        None => Ok(()),
        Some((row, column)) => Err(format!("the screen differs from the log at row {row}, column {column}")),
    })
}

/// Checks the shipped kernel's log.
fn shows_the_log(kind: FirmwareKind, deadline: Deadline) -> Outcome {
    let mut booted = Booted::start(&machine(kind, &shipped_iso()?)?, deadline)?;
    booted.expect("are up and idle")?;
    expect_log_on_screen(&mut booted)
}

/// Boots with an adapter of the 1990s.
fn shows_the_log_on_cirrus(deadline: Deadline) -> Outcome {
    let iso = iso_with(built::contents()?, Some(LoaderKind::Grub))?;
    let mut machine = machine(FirmwareKind::Bios, &iso)?;
    machine.qemu_arguments = vec!["-vga".into(), "cirrus".into()];
    let mut booted = Booted::start(&machine, deadline)?;
    booted.expect("are up and idle")?;
    expect_log_on_screen(&mut booted)
}

/// Checks that the kernel does without the screen, reports the reason, and otherwise works.
fn refuses_virtio(deadline: Deadline) -> Outcome {
    let iso = iso_with(built::contents()?, Some(LoaderKind::Grub))?;
    let mut machine = machine(FirmwareKind::Uefi, &iso)?;
    machine.qemu_arguments = ["-vga", "none", "-device", "virtio-gpu-pci"].map(Into::into).to_vec();
    let mut booted = Booted::start(&machine, deadline)?;
    booted.expect("All 4 processors are up and idle")?;
    let text = booted.text();
    booted.check(
        text.contains(NO_LINEAR_MEMORY),
        &format!("no line {NO_LINEAR_MEMORY:?}"),
    )?;
    booted.check(text.contains("No frame buffer"), "the kernel found a frame buffer")
}

/// Scrolls: logs more lines than the screen has rows.
fn shows_the_last_lines(deadline: Deadline) -> Outcome {
    let iso = test_kernel_iso("scenario=log_scroll")?;
    let mut booted = Booted::start(&machine(FirmwareKind::Bios, &iso)?, deadline)?;
    booted.expect("Line 199 of many")?;
    booted.expect("are up and idle")?;
    expect_log_on_screen(&mut booted)
}

/// Checks that a panic report is drawn, although the kernel stops at once.
fn shows_a_panic(deadline: Deadline) -> Outcome {
    let mut machine = machine(FirmwareKind::Bios, &test_kernel_iso("scenario=panic")?)?;
    // The test kernel ends QEMU after a panic. Here QEMU pauses instead, so that the test can take a picture.
    machine.extra_arguments = vec!["-action".into(), "shutdown=pause".into()];
    let mut booted = Booted::start(&machine, deadline)?;
    booted.expect("ERROR panicked at")?;
    // The line arrives in pieces: its end shows that it is complete.
    booted.expect("deliberate, with a number: 42")?;
    let lines = booted.log_lines();
    let report = lines.iter().find(|line| line.level == "ERROR");
    let report = report.ok_or_else(|| booted.failed("no line of the level ERROR"))?;
    booted.expect_picture(|picture| match picture.shows(report) {
        true => Ok(()),
        false => Err(format!("the screen does not show {report:?}")),
    })
}

/// Checks `fill_solid` with magenta.
fn fills(deadline: Deadline) -> Outcome {
    let iso = test_kernel_iso("scenario=magenta log.level=error")?;
    let mut booted = Booted::start(&machine(FirmwareKind::Bios, &iso)?, deadline)?;
    booted.expect_picture(|picture| {
        let share = picture.share_of(Rgb888::MAGENTA);
        if share == 1.0 {
            Ok(())
        } else {
            Err(format!("{:.3} % of the screen is magenta", share * 100.0))
        }
    })
}
