//! Chooses firmware, boot loader, ISO and window before QEMU starts.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use iso_image::{
    BootLoader, BootText, GrubPlatform, Host, ImageError, IsoError, MissingTool, Packed, Payload, TextError,
    check_program, pack_into_cache, put_in_place,
};

use crate::arguments::Options;
use crate::built;
use crate::debugger_port::{PortTaken, SeveralDebuggers, USUAL_PORT};
use crate::firmware::{FirmwareFiles, FirmwareKind, OvmfNotFound, find_ovmf};
use crate::given_options::GivenOptions;
use crate::install_lines::{Tool, tool_of_program};
use crate::machine::{Debugger, Display, EndChannel, Machine, SerialPort};
use crate::out_dir::LinkError;
use crate::packing::{LoaderKind, PackError, find_boot_loader};
use crate::qemu::Qemu;
use crate::terminal_style::{TerminalStyle, colours_are_forced};

/// The reason why QEMU is not started.
#[derive(Debug, thiserror::Error)]
pub enum PreparationError {
    /// QEMU is not installed.
    #[error(transparent)]
    Tool(#[from] MissingTool),
    /// UEFI was requested and OVMF is missing, or `OVMF_PATH` is unusable.
    #[error(transparent)]
    Ovmf(#[from] OvmfNotFound),
    /// No ISO could be packed.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// The kernel's command line cannot be passed on.
    #[error("--cmdline: {0}")]
    CommandLine(TextError),
    /// A constant name was refused.
    #[error(transparent)]
    Name(TextError),
    /// The file of `--program` is missing.
    #[error("--program: {} is not a file", path.display())]
    Program {
        /// The file.
        path: PathBuf,
    },
    /// Another process holds the debugger's port.
    #[error(transparent)]
    DebuggerPort(#[from] PortTaken),
    /// QEMU's arguments ask for a debugger twice.
    #[error(transparent)]
    SeveralDebuggers(#[from] SeveralDebuggers),
    /// The fixed paths could not be set.
    #[error(transparent)]
    Link(#[from] LinkError),
}

impl PreparationError {
    /// Returns the tools whose installation would help.
    #[must_use]
    pub fn remedy(&self) -> Vec<Tool> {
        let program = match self {
            Self::Ovmf(OvmfNotFound::Nowhere) => return vec![Tool::Ovmf],
            Self::Pack(PackError::Limine(iso_image::LimineNotFound::Nowhere)) => return vec![Tool::Limine],
            Self::Tool(missing)
            | Self::Pack(PackError::Grub(missing) | PackError::Iso(IsoError::MissingTool(missing))) => missing.tool,
            _ => return Vec::new(),
        };
        tool_of_program(program).into_iter().collect()
    }
}

/// The firmware of a run, with the reason for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ChosenFirmware {
    /// Requested by the user.
    AskedFor(FirmwareFiles),
    /// An argument of QEMU's names a firmware.
    GivenToQemu,
    /// UEFI, the default.
    Uefi(FirmwareFiles),
    /// BIOS, since UEFI for QEMU was not found.
    BiosSinceNoOvmf,
    /// BIOS, since GRUB's files for UEFI were not found: the ISO boots on nothing else.
    BiosSinceIsoLacksUefi,
}

impl ChosenFirmware {
    /// The firmware's files.
    pub(crate) fn files(&self) -> &FirmwareFiles {
        match self {
            Self::AskedFor(files) | Self::Uefi(files) => files,
            Self::GivenToQemu | Self::BiosSinceNoOvmf | Self::BiosSinceIsoLacksUefi => &FirmwareFiles::Bios,
        }
    }
}

/// The ISO to boot.
#[derive(Debug)]
pub(crate) struct ReadyIso {
    /// The file. No other run changes it.
    pub(crate) file: PathBuf,
    /// Whether it has the build's contents, without changes by options.
    pub(crate) is_the_builds: bool,
    /// The reason why the kernel will refuse the program of `--program`.
    pub(crate) program_error: Option<ImageError>,
    /// Its size, and remarks.
    pub(crate) packed: Packed,
    /// Starts the kernel.
    pub(crate) boot_loader: BootLoader,
}

/// Chooses the firmware: the requested one, else UEFI if the ISO and this host support it, else QEMU's own.
pub(crate) fn choose_firmware(
    options: &Options,
    qemu_arguments: &[OsString],
    qemu: &Path,
    boot_loader: &BootLoader,
) -> Result<ChosenFirmware, PreparationError> {
    let given_by_person = GivenOptions::read(qemu_arguments).any_of(&["bios", "pflash"]);
    let ovmf = || find_ovmf(Some(qemu));
    Ok(match options.firmware {
        Some(FirmwareKind::Bios) => ChosenFirmware::AskedFor(FirmwareFiles::Bios),
        Some(FirmwareKind::Uefi) => ChosenFirmware::AskedFor(ovmf()?),
        None if given_by_person => ChosenFirmware::GivenToQemu,
        None => usual_firmware(boot_loader.missing_grub_platforms(), ovmf)?,
    })
}

/// Returns the default firmware.
fn usual_firmware(
    missing_platforms: &[GrubPlatform],
    ovmf: impl FnOnce() -> Result<FirmwareFiles, OvmfNotFound>,
) -> Result<ChosenFirmware, OvmfNotFound> {
    if missing_platforms == [GrubPlatform::Uefi] {
        return Ok(ChosenFirmware::BiosSinceIsoLacksUefi);
    }
    match ovmf() {
        Ok(files) => Ok(ChosenFirmware::Uefi(files)),
        Err(OvmfNotFound::Nowhere) => Ok(ChosenFirmware::BiosSinceNoOvmf),
        Err(error) => Err(error),
    }
}

/// Packs the requested ISO, unless the cache has one of the same input.
pub(crate) fn ready_iso(
    options: &Options,
    qemu_arguments: &[OsString],
    host: &Host,
) -> Result<ReadyIso, PreparationError> {
    let mut contents = built::contents().map_err(PreparationError::Name)?;
    let style = TerminalStyle::of_standard_output();
    let words = command_line(options, qemu_arguments, style, colours_are_forced());
    contents.command_line = BootText::new(&words).map_err(PreparationError::CommandLine)?;
    let mut program_error = None;
    if let (Some(path), Some(module)) = (&options.program, contents.modules.first_mut()) {
        if !path.is_file() {
            return Err(PreparationError::Program { path: path.clone() });
        }
        program_error = fs::read(path).ok().and_then(|file| check_program(&file).err());
        module.payload = Payload::Verbatim(path.clone());
    }
    let boot_loader = find_boot_loader(options.loader, host)?;
    let is_the_builds = words.is_empty() && options.program.is_none() && is_the_usual(options.loader, host);
    let cache = built::iso_cache();
    let (file, packed) = pack_into_cache(&contents, &boot_loader, host, &cache).map_err(PackError::from)?;
    if is_the_builds {
        put_in_place(&file, &built::iso()).map_err(PackError::from)?;
    }
    Ok(ReadyIso {
        file,
        is_the_builds,
        program_error,
        packed,
        boot_loader,
    })
}

/// The kernel's command line. The runner removes colours from what it prints; a serial port that QEMU connects elsewhere gets
/// none from the kernel, where it is a file or the person wants none.
fn command_line(options: &Options, qemu_arguments: &[OsString], style: TerminalStyle, is_forced: bool) -> String {
    let text = options.cmdline.clone().unwrap_or_default();
    let given = GivenOptions::read(qemu_arguments);
    let device = given.arguments_of(&["serial"]).next().unwrap_or_default();
    let is_file = ["file:", "pipe:"].iter().any(|kind| device.starts_with(kind));
    let is_elsewhere = !device.is_empty() && !given.take_the_terminal();
    let is_chosen = text.split(' ').any(|word| word.starts_with("log.color="));
    if is_chosen || is_forced || !(is_file || is_elsewhere && style != TerminalStyle::Coloured) {
        return text;
    }
    format!("{text} log.color=off").trim_start().to_owned()
}

/// Returns whether that boot loader is also the default.
fn is_the_usual(wish: Option<LoaderKind>, host: &Host) -> bool {
    match (wish, find_boot_loader(None, host)) {
        (None, _) | (Some(LoaderKind::Limine), Ok(BootLoader::Limine(_))) => true,
        (Some(LoaderKind::Grub), Ok(BootLoader::Grub(_))) => true,
        (Some(_), _) => false,
    }
}

/// Returns the requested machine.
pub(crate) fn machine(
    options: &Options,
    qemu_arguments: Vec<OsString>,
    iso: PathBuf,
    firmware: FirmwareFiles,
) -> Machine {
    let mut machine = Machine::new(iso, firmware);
    machine.boot_medium = options.boot;
    machine.serial = SerialPort::Terminal;
    machine.display = if options.headless || !has_display_server() {
        Display::Headless
    } else {
        Display::Window
    };
    if options.exit_with_program {
        machine.end_channel = EndChannel::Kept;
    }
    machine.debugger = options.debug.then_some(Debugger { port: USUAL_PORT });
    machine.qemu_arguments = qemu_arguments;
    machine
}

/// Returns whether a window can be opened.
pub(crate) fn has_display_server() -> bool {
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(target_os = "macos") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

/// Finds QEMU. The error names it.
pub(crate) fn find_qemu(host: &Host) -> Result<Qemu, PreparationError> {
    Ok(Qemu::find(host)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::Task;

    #[test]
    fn a_file_at_the_serial_port_gets_no_colours() {
        use TerminalStyle::{Coloured, Plain};
        for (cmdline, arguments, style, expected) in [
            ("", "", Plain, ""),
            ("", "-serial file:log", Coloured, "log.color=off"),
            ("panic=exit", "-serial file:log", Plain, "panic=exit log.color=off"),
            ("log.color=on", "-serial file:log", Plain, "log.color=on"),
            ("", "-serial pty", Coloured, ""),
            ("", "-serial pty", Plain, "log.color=off"),
            ("", "-serial mon:stdio", Plain, ""),
        ] {
            let arguments: Vec<_> = arguments.split_whitespace().map(OsString::from).collect();
            let Ok(Task::Boot(mut options, _)) = Task::read([]) else {
                panic!("no options boot")
            };
            options.cmdline = Some(cmdline.to_owned());
            assert_eq!(
                command_line(&options, &arguments, style, false),
                expected,
                "{cmdline} {arguments:?}"
            );
            assert_eq!(
                command_line(&options, &arguments, style, true),
                cmdline,
                "{arguments:?}"
            );
        }
    }

    #[test]
    fn without_a_wish_uefi_is_taken_only_where_iso_and_host_can_do_it() {
        let image = FirmwareFiles::UefiImage("/OVMF.fd".into());
        let uefi = ChosenFirmware::Uefi(image.clone());
        let both_missing = [GrubPlatform::Bios, GrubPlatform::Uefi];
        for (missing, ovmf, chosen) in [
            (&[][..], Ok(image.clone()), uefi.clone()),
            (&[GrubPlatform::Bios][..], Ok(image.clone()), uefi.clone()),
            (&both_missing[..], Ok(image.clone()), uefi),
            (
                &[GrubPlatform::Uefi][..],
                Ok(image),
                ChosenFirmware::BiosSinceIsoLacksUefi,
            ),
            (&[][..], Err(OvmfNotFound::Nowhere), ChosenFirmware::BiosSinceNoOvmf),
        ] {
            assert_eq!(usual_firmware(missing, || ovmf), Ok(chosen), "{missing:?}");
        }
        let bad = OvmfNotFound::OvmfPathIsNothing { path: "/x".into() };
        assert_eq!(usual_firmware(&[], || Err(bad.clone())), Err(bad));
    }
}
