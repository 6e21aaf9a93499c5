//! A kernel that cannot be booted: our loader says why, on the serial port and on the screen.

use std::path::PathBuf;

use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::RgbColor;
use iso_image::Payload;
use libtest_mimic::Failed;
use runner::{FirmwareKind, LoaderKind, built};

use crate::booted::Booted;
use crate::host::{FIRMWARES, boot_limit_s, file, firmware_name, iso_with, machine};
use crate::scenario::{Deadline, Outcome, Scenario};

/// What lies on the ISO in place of the kernel.
#[derive(Debug, Clone, Copy)]
enum Kernel {
    /// Nothing.
    Missing,
    /// The first half of its file.
    CutShort,
    /// Bytes without meaning.
    Garbage,
}

/// What is wrong, its name, and a part of the loader's message.
const CASES: [(Kernel, &str, &str); 3] = [
    (Kernel::Missing, "a_missing_kernel", "kernel"),
    (Kernel::CutShort, "a_kernel_that_is_cut_short", "kernel"),
    (Kernel::Garbage, "a_kernel_of_garbage", "ELF"),
];

/// All of the subject.
pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for kind in FIRMWARES {
        for (kernel, name, says) in CASES {
            let name = format!("refused_kernels::{name}_gives_a_message_on_{}", firmware_name(kind));
            scenarios.push(Scenario::new(name, boot_limit_s(kind), move |deadline| {
                is_refused(kernel, says, kind, deadline)
            }));
        }
    }
    scenarios
}

/// The message is on the serial port, and the screen is white on red.
fn is_refused(kernel: Kernel, says: &str, kind: FirmwareKind, deadline: Deadline) -> Outcome {
    let mut contents = built::contents()?;
    contents.kernel = payload(kernel)?;
    let iso = iso_with(contents, Some(LoaderKind::Grub))?;
    let mut booted = Booted::start(&machine(kind, &iso)?, deadline)?;
    booted.expect(says)?;
    booted.expect_picture(|picture| {
        let (red, white) = (share_of_red(picture), picture.share_of(Rgb888::WHITE));
        if red > 0.001 && white > 0.0001 {
            Ok(())
        } else {
            Err(format!(
                "the screen is no message: {red:.5} of it is red, {white:.5} white"
            ))
        }
    })
}

/// Any shade of pure red.
fn share_of_red(picture: &crate::picture::Picture) -> f64 {
    (128..=255).map(|red| picture.share_of(Rgb888::new(red, 0, 0))).sum()
}

/// The file for a case.
fn payload(kernel: Kernel) -> Result<Option<Payload>, Failed> {
    let path: PathBuf = match kernel {
        Kernel::Missing => return Ok(None),
        Kernel::CutShort => {
            let whole = std::fs::read(built::kernel())?;
            // The headers, and too little of the segments.
            file("cut_short", &whole[..0x1800.min(whole.len() / 2)])?
        }
        Kernel::Garbage => file("garbage", &[0x5a; 70_000])?,
    };
    Ok(Some(Payload::Verbatim(path)))
}
