//! `cargo run -- doctor`: what of the host's tools is there, what is missing, and what installs it.

use iso_image::{Grub, Host, Limine, LimineNotFound};

use crate::firmware::{FirmwareFiles, find_ovmf};
use crate::install_lines::{Tool, install_lines};
use crate::qemu::Qemu;

/// The state of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// It is there.
    Good(String),
    /// It is not there, or not as it should be, and all the same the kernel boots.
    Lacking(String, Vec<Tool>),
    /// Without it nothing boots.
    Missing(String, Vec<Tool>),
}

/// Checks everything, prints what it finds, and says whether the kernel can be booted.
#[must_use]
pub fn examine(host: &Host) -> bool {
    let qemu = Qemu::find(host);
    let states = [
        check_qemu(&qemu),
        check_ovmf(qemu.as_ref().ok()),
        check_loader(host),
        check_gdb(host),
    ];
    let mut tools = Vec::new();
    for state in &states {
        match state {
            State::Good(text) => println!("[ok]      {text}"),
            State::Lacking(text, wanted) => {
                println!("[lacking] {text}");
                tools.extend(wanted);
            }
            State::Missing(text, wanted) => {
                println!("[MISSING] {text}");
                tools.extend(wanted);
            }
        }
    }
    let lines = install_lines(&tools, host);
    if !lines.is_empty() {
        println!("\nInstall what is missing:\n    {}", lines.join("\n    "));
    }
    let boots = !states.iter().any(|state| matches!(state, State::Missing(..)));
    println!(
        "\n{}",
        if boots {
            "The kernel can be booted: `cargo run`."
        } else {
            "The kernel cannot be booted yet."
        }
    );
    boots
}

/// QEMU, and whether its CPUs have what the kernel can use.
fn check_qemu(qemu: &Result<Qemu, iso_image::MissingTool>) -> State {
    match qemu {
        Err(error) => State::Missing(error.to_string(), vec![Tool::Qemu]),
        Ok(qemu) if qemu.has_x2apic() => State::Good(format!("QEMU {}: {}", qemu.version(), qemu.program().display())),
        Ok(qemu) => State::Lacking(
            format!(
                "QEMU {}: before version 9 its emulated CPUs have no x2APIC. All else works, up to 255 CPUs \
                 (Debian 12 has a newer one in bookworm-backports)",
                qemu.version()
            ),
            Vec::new(),
        ),
    }
}

/// UEFI for QEMU.
fn check_ovmf(qemu: Option<&Qemu>) -> State {
    match find_ovmf(qemu.map(Qemu::program)) {
        Ok(FirmwareFiles::UefiImage(file)) => State::Good(format!("OVMF (UEFI): {}", file.display())),
        Ok(FirmwareFiles::UefiFlash { code, variables }) => {
            State::Good(format!("OVMF (UEFI): {} and {}", code.display(), variables.display()))
        }
        Ok(FirmwareFiles::Bios) | Err(crate::OvmfNotFound::Nowhere) => State::Lacking(
            "OVMF (UEFI for QEMU): without it `cargo run` boots with SeaBIOS".to_owned(),
            vec![Tool::Ovmf],
        ),
        Err(error) => State::Lacking(
            format!("{error}; without it `cargo run` boots with SeaBIOS"),
            Vec::new(),
        ),
    }
}

/// What makes the ISO: Limine with xorriso, or GRUB with its helpers.
fn check_loader(host: &Host) -> State {
    match Limine::find(host) {
        Ok(_) if host.find("xorriso").is_none() => State::Missing(
            "`xorriso` is not installed: it writes the ISO".to_owned(),
            vec![Tool::Xorriso],
        ),
        Ok(limine) if limine.tool().is_none() => State::Lacking(
            format!(
                "Limine: {}, without the tool `limine`: the ISO does not boot from a USB stick or disk on BIOS",
                limine.folder().display()
            ),
            vec![Tool::Limine],
        ),
        Ok(limine) => State::Good(format!("Limine: {}", limine.folder().display())),
        Err(error @ LimineNotFound::LiminePathLacksFiles { .. }) => State::Missing(error.to_string(), Vec::new()),
        Err(LimineNotFound::Nowhere) => check_grub(host),
    }
}

/// GRUB, which serves where Limine is not installed.
fn check_grub(host: &Host) -> State {
    let all = || {
        let tools = [
            ("grub-mkrescue", Tool::Grub),
            ("xorriso", Tool::Xorriso),
            ("mformat", Tool::Mtools),
        ];
        let missing = |(program, _): &(&str, Tool)| match *program {
            "grub-mkrescue" => Grub::find(host).is_err_and(|error| error.tool == "grub-mkrescue"),
            program => host.find(program).is_none(),
        };
        tools
            .into_iter()
            .filter(missing)
            .map(|(_, tool)| tool)
            .collect::<Vec<_>>()
    };
    match Grub::find(host) {
        Err(error) => State::Missing(format!("no Limine, and for GRUB: {error}"), all()),
        Ok(grub) if !grub.missing_platforms().is_empty() => {
            let names: Vec<_> = grub
                .missing_platforms()
                .iter()
                .map(|platform| platform.folder_name())
                .collect();
            State::Lacking(
                format!("GRUB: its files for {} were not found", names.join(" and ")),
                vec![Tool::Grub],
            )
        }
        Ok(grub) => State::Good(format!(
            "GRUB (no Limine found, our Multiboot2 loader serves): {}",
            grub.mkrescue().display()
        )),
    }
}

/// The debugger. Any that speaks gdb's protocol serves.
fn check_gdb(host: &Host) -> State {
    match ["gdb", "rust-gdb", "lldb", "gdb-multiarch"]
        .iter()
        .find_map(|name| host.find(name))
    {
        Some(program) => State::Good(format!("debugger: {}", program.display())),
        None => State::Lacking(
            "no gdb or lldb in PATH (for `cargo run -- --debug`)".to_owned(),
            vec![Tool::Gdb],
        ),
    }
}
