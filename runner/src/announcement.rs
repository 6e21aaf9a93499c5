//! What the runner tells a person: what was packed and found, the command, how to quit, and how it ended.

use std::fs;
use std::process::Command;

use iso_image::{BootLoader, has_frame_pointers};

use crate::arguments::Options;
use crate::built;
use crate::end_report::ProgramEnd;
use crate::ending::Ending;
use crate::exit_codes::ExitCode;
use crate::firmware::FirmwareFiles;
use crate::foreign_settings::foreign_settings;
use crate::given_options::GivenOptions;
use crate::out_dir::{iso_link, out_dir_link, short, workspace};
use crate::preparation::{ChosenFirmware, ReadyIso, has_display_server};
use crate::qemu::Qemu;
use crate::say::say;

/// Bytes in a megabyte, as USB sticks are sold.
const MEGABYTE: u64 = 1_000_000;

/// Says what is on the ISO, where it is, and what it cannot do.
pub(crate) fn iso(iso: &ReadyIso, options: &Options) {
    if let Some(note) = iso.is_the_builds.then(built::take_note).flatten() {
        say(&format!("Packed now, since the build could not: {note}"));
    }
    let file = if iso.is_the_builds {
        iso_link()
    } else {
        iso.file.clone()
    };
    let (whole, tenth) = (
        iso.packed.size_bytes / MEGABYTE,
        iso.packed.size_bytes % MEGABYTE * 10 / MEGABYTE,
    );
    let program = options
        .program
        .as_ref()
        .map_or("user_mode_program_0".to_owned(), |file| file.display().to_string());
    say(&format!(
        "ISO:      {} ({whole}.{tenth} MB: kernel, {program})",
        short(&file)
    ));
    match &iso.boot_loader {
        BootLoader::Limine(limine) => say(&format!("Loader:   Limine, from {}", limine.folder().display())),
        BootLoader::Grub(grub) => {
            say(&format!(
                "Loader:   GRUB ({}) with our Multiboot2 loader",
                grub.mkrescue().display()
            ));
        }
    }
    if let Some(note) = build_note(&foreign_settings(&workspace()), kernel_has_frame_pointers()) {
        say(&format!("Note:     {note}"));
    }
    if let Some(error) = &iso.program_error {
        say(&format!("Note:     the kernel will refuse {program}: {error}"));
    }
    for remark in &iso.packed.remarks {
        say(&format!("Note:     {remark}"));
    }
}

/// Whether backtraces of the kernel are whole.
fn kernel_has_frame_pointers() -> bool {
    // A kernel that cannot be read was reported when it was packed.
    fs::read(built::kernel()).map_or(true, |file| has_frame_pointers(&file))
}

/// What was odd about the build, and which settings may be why.
fn build_note(foreign_settings: &[String], has_frame_pointers: bool) -> Option<String> {
    let settings = foreign_settings.join(", ");
    match (has_frame_pointers, foreign_settings) {
        (true, []) => None,
        (true, _) => Some(format!(
            "kernel and programs were built with foreign settings: {settings}"
        )),
        (false, []) => Some("backtraces will be short: the kernel was built without frame pointers".to_owned()),
        (false, _) => Some(format!(
            "backtraces will be short: the kernel was built without frame pointers, by foreign settings: {settings}"
        )),
    }
}

/// Says on what the kernel is booted.
pub(crate) fn machine(options: &Options, firmware: &ChosenFirmware, qemu: &Qemu, given: &GivenOptions) {
    say(&format!("Firmware: {}", firmware_line(firmware)));
    say(&format!("QEMU:     {}", qemu.version()));
    if !qemu.has_x2apic() {
        say("Note:     before version 9 QEMU's emulated CPUs have no x2APIC: at most 255 CPUs, the rest works");
    }
    let shown_otherwise = given.any_of(&["display", "nographic", "vnc", "spice", "sdl", "curses"]);
    if !options.headless && !shown_otherwise && !has_display_server() {
        say("Note:     no display server (DISPLAY and WAYLAND_DISPLAY are not set): no window is opened");
    }
    if given.any_of(&["serial"]) || given.take_the_terminal() {
        say("Note:     your arguments take the serial port or the terminal: the kernel's log does not come here");
    } else {
        say("Quit:     Ctrl-A, then X");
    }
}

/// The firmware in words, and why it is BIOS where nobody asked for that.
fn firmware_line(firmware: &ChosenFirmware) -> String {
    let why = match firmware {
        ChosenFirmware::GivenToQemu => return "as QEMU's arguments say".to_owned(),
        ChosenFirmware::AskedFor(_) | ChosenFirmware::Uefi(_) => "",
        ChosenFirmware::BiosSinceNoOvmf => ": OVMF (for UEFI) was not found",
        ChosenFirmware::BiosSinceIsoLacksUefi => ": the ISO's GRUB lacks its files for UEFI (x86_64-efi)",
    };
    match firmware.files() {
        FirmwareFiles::UefiImage(file) | FirmwareFiles::UefiFlash { code: file, .. } => {
            format!("UEFI, OVMF from {}", file.display())
        }
        FirmwareFiles::Bios => format!("BIOS, QEMU's SeaBIOS{why}"),
    }
}

/// Shows QEMU's command line as a person could type it.
pub(crate) fn command(command: &Command) {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    let quoted: Vec<String> = words.map(|word| quoted(&word.to_string_lossy())).collect();
    say(&format!("Command:  {}\n", quoted.join(" ")));
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./,=:+@%".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Says how to attach a debugger.
pub(crate) fn debugger(port: u16) {
    let kernel = short(&out_dir_link().join("iso_root/kernel"));
    say(&format!(
        "Debugger: gdb {kernel} -ex 'target remote localhost:{port}' -ex 'hbreak entry_point_from_limine' -ex continue"
    ));
}

/// How a run ended, in a sentence, where it is worth one.
pub(crate) fn ending(ending: &Ending) -> Option<String> {
    match ending {
        Ending::Passed => Some("The kernel reports success.".to_owned()),
        Ending::Failed => Some("The kernel reports FAILURE.".to_owned()),
        Ending::Rebooted => Some("The kernel restarts the machine: QEMU ends here.".to_owned()),
        // What it said stands above.
        Ending::QemuFailed { .. } => Some("QEMU failed.".to_owned()),
        Ending::Odd { status } => Some(format!("QEMU ended in an odd way: {status}")),
        Ending::Interrupted { signal } => Some(format!("Signal {signal}: QEMU was stopped.")),
        Ending::ShutDown | Ending::Stopped | Ending::TimedOut | Ending::TripleFault | Ending::UnexplainedReset => None,
    }
}

/// What the exit code stands for, in a sentence, where the log does not end with it.
pub(crate) fn conclusion(code: ExitCode, has_panic: bool, options: &Options) -> Option<String> {
    let number = code.number();
    match code {
        ExitCode::Panicked if has_panic => Some("The kernel panicked: its report is above.".to_owned()),
        ExitCode::Program(ProgramEnd::Exited { code }) if code == u64::from(number) => {
            Some(format!("The program exited with code {code}."))
        }
        ExitCode::Program(ProgramEnd::Exited { code }) => Some(format!(
            "The program exited with code {code}, too high for an exit code here: this one is {number}."
        )),
        ExitCode::Program(ProgramEnd::Killed) => Some("The program was killed: the log says why.".to_owned()),
        ExitCode::Program(ProgramEnd::Refused) => Some("The program was refused: the log says why.".to_owned()),
        ExitCode::RunnerFailed if options.exit_with_program => Some("QEMU ended before the program did.".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_why_the_firmware_is_bios() {
        let asked_for = ChosenFirmware::AskedFor(FirmwareFiles::Bios);
        assert_eq!(firmware_line(&asked_for), "BIOS, QEMU's SeaBIOS");
        assert!(firmware_line(&ChosenFirmware::BiosSinceNoOvmf).contains("OVMF"));
        assert!(firmware_line(&ChosenFirmware::BiosSinceIsoLacksUefi).contains("x86_64-efi"));
    }

    #[test]
    fn a_kernel_built_with_foreign_settings_is_noted() {
        let flags = ["RUSTFLAGS".to_owned()];
        assert_eq!(build_note(&[], true), None);
        assert!(build_note(&flags, true).is_some_and(|note| note.ends_with("foreign settings: RUSTFLAGS")));
        let note = build_note(&flags, false).unwrap_or_default();
        assert!(
            note.starts_with("backtraces will be short") && note.ends_with("RUSTFLAGS"),
            "{note}"
        );
    }

    #[test]
    fn words_are_quoted_for_a_shell_where_they_must_be() {
        assert_eq!(quoted("if=none,file=/a/b.iso"), "if=none,file=/a/b.iso");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
