//! Invalid kernels: our loader reports the reason on the serial port and on the screen.

use std::path::PathBuf;

use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::RgbColor;
use iso_image::Payload;
use libtest_mimic::Failed;
use runner::{FirmwareKind, LoaderKind, built};

use crate::booted::Booted;
use crate::host::{FIRMWARES, boot_limit_s, file, firmware_name, iso_with, machine_on_one_thread};
use crate::scenario::{Deadline, Outcome, Scenario};

/// Replacement of the kernel on the ISO.
#[derive(Debug, Clone, Copy)]
enum Kernel {
    /// No kernel and no module.
    NoModule,
    /// No kernel: the program is the first module that the loader finds.
    Missing,
    /// The first half of the kernel's file.
    CutShort,
    /// Random bytes.
    Garbage,
}

/// Replacement, test name, and text of the loader's message besides `no kernel`.
const CASES: [(Kernel, &str, &str); 4] = [
    (Kernel::NoModule, "no_module_at_all", "GRUB loaded no module"),
    (
        Kernel::Missing,
        "a_missing_kernel",
        "the modules are /user_mode_program_0",
    ),
    (
        Kernel::CutShort,
        "a_kernel_that_is_cut_short",
        "the kernel file is incomplete",
    ),
    (Kernel::Garbage, "a_kernel_of_garbage", "not an ELF file"),
];

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for kind in FIRMWARES {
        // The message is the same with UEFI, but the screen is another.
        let cases = if kind == FirmwareKind::Bios {
            &CASES[..]
        } else {
            &CASES[1..2]
        };
        for (kernel, name, says) in cases.iter().copied() {
            let name = format!("refused_kernels::{name}_gives_a_message_on_{}", firmware_name(kind));
            scenarios.push(Scenario::new(name, boot_limit_s(kind), move |deadline| {
                is_refused(kernel, says, kind, deadline)
            }));
        }
    }
    scenarios
}

/// Checks for the message on the serial port, and a screen in white on red.
fn is_refused(kernel: Kernel, says: &str, kind: FirmwareKind, deadline: Deadline) -> Outcome {
    let mut contents = built::contents()?;
    contents.kernel = payload(kernel)?;
    if matches!(kernel, Kernel::NoModule) {
        contents.modules.clear();
    }
    let iso = iso_with(contents, Some(LoaderKind::Grub))?;
    let mut booted = Booted::start(&machine_on_one_thread(kind, &iso)?, deadline)?;
    booted.expect("multiboot2_loader: error: no kernel: ")?;
    booted.expect(says)?;
    booted.expect_picture(|picture| {
        let (red, white) = (picture.share_of(Rgb888::RED), picture.share_of(Rgb888::WHITE));
        if red > 0.001 && white > 0.0001 {
            Ok(())
        } else {
            Err(format!(
                "the screen is no message: {red:.5} of it is red, {white:.5} white"
            ))
        }
    })
}

/// Writes the file of a case.
fn payload(kernel: Kernel) -> Result<Option<Payload>, Failed> {
    let path: PathBuf = match kernel {
        Kernel::NoModule | Kernel::Missing => return Ok(None),
        Kernel::CutShort => {
            let whole = std::fs::read(built::kernel())?;
            // The headers, but not all of the segments.
            file("cut_short", &whole[..0x1800.min(whole.len() / 2)])?
        }
        Kernel::Garbage => file("garbage", &[0x5a; 70_000])?,
    };
    Ok(Some(Payload::Verbatim(path)))
}
