//! The screen: the log's glyphs, pixel for pixel, and a colour over all of it.

use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::RgbColor;
use runner::FirmwareKind;

use crate::booted::Booted;
use crate::host::{FIRMWARES, boot_limit_s, firmware_name, machine, shipped_iso, test_kernel_iso};
use crate::scenario::{Deadline, Outcome, Scenario};

/// All of the subject.
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
    scenarios
}

/// Compares the screen with the serial log, once all is quiet.
fn expect_log_on_screen(booted: &mut Booted) -> Outcome {
    let lines = booted.log_lines();
    booted.expect_picture(|picture| match picture.first_difference(&picture.of_log(&lines)) {
        None => Ok(()),
        Some((row, column)) => Err(format!("the screen differs from the log at row {row}, column {column}")),
    })
}

/// The shipped kernel's log.
fn shows_the_log(kind: FirmwareKind, deadline: Deadline) -> Outcome {
    let mut booted = Booted::start(&machine(kind, &shipped_iso()?)?, deadline)?;
    booted.expect("are up and idle")?;
    expect_log_on_screen(&mut booted)
}

/// More lines than rows.
fn shows_the_last_lines(deadline: Deadline) -> Outcome {
    let iso = test_kernel_iso("scenario=log_scroll")?;
    let mut booted = Booted::start(&machine(FirmwareKind::Bios, &iso)?, deadline)?;
    booted.expect("Line 199 of many")?;
    booted.expect("are up and idle")?;
    expect_log_on_screen(&mut booted)
}

/// The report of a panic, drawn although the kernel stops at once.
fn shows_a_panic(deadline: Deadline) -> Outcome {
    let mut machine = machine(FirmwareKind::Bios, &test_kernel_iso("scenario=panic")?)?;
    // The test kernel ends QEMU after a panic. QEMU pauses instead, so that its screen can be photographed.
    machine.additions = vec!["-action".into(), "shutdown=pause".into()];
    let mut booted = Booted::start(&machine, deadline)?;
    booted.expect("ERROR panicked at")?;
    booted.expect_picture(|picture| {
        let red = picture.share_of(Rgb888::new(255, 85, 85));
        if red > 0.0 {
            Ok(())
        } else {
            Err("nothing on the screen has the colour of an error".to_owned())
        }
    })
}

/// `fill_solid` with magenta.
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
