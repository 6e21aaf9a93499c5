//! Turns a [`Machine`] into QEMU's arguments.
//!
//! Order: our defaults, without those that the user's arguments replace; extra arguments; the user's arguments, unchanged except for
//! the resets that are added to `-d`.

use std::ffi::OsString;
use std::path::Path;

use crate::end_report::PORT as END_CHANNEL_PORT;
use crate::event_record::{RESETS, with_resets_recorded};
use crate::firmware::FirmwareFiles;
use crate::given_options::GivenOptions;
use crate::machine::{BootMedium, Display, EndChannel, EventLog, Machine, SerialPort};
use crate::run_files::RunFiles;

/// Above this number of CPUs, one host thread for all is several times faster than one for each; with many threads Limine does not
/// finish its boot.
const MOST_CPUS_WITH_A_THREAD_EACH: u32 = 16;

/// One host thread, and a buffer of 4 MiB for translated code. When translated guest code is overwritten, QEMU 10 clears a table
/// of 64 KiB for each processor: with 300 processors, that is nearly all of the time of a boot. A small buffer is emptied often,
/// so less of what is overwritten is still translated.
const MANY_CPUS_ACCELERATOR: &str = "tcg,thread=single,tb-size=4";

/// Returns QEMU's arguments for a machine.
pub(crate) fn arguments(machine: &Machine, files: &RunFiles) -> Vec<OsString> {
    let mut list = ArgumentList {
        given: GivenOptions::read(&machine.qemu_arguments),
        arguments: Vec::new(),
    };
    list.unless_given(&["M", "machine"], &["-M", "q35"]);
    add_accelerator(&mut list, machine);
    list.unless_given(&["cpu"], &["-cpu", &machine.cpu_model]);
    list.unless_given(&["smp"], &["-smp", &machine.cpus.to_string()]);
    list.unless_given(&["m"], &["-m", &format!("{}M", machine.memory_mib)]);
    list.unless_given(&["nic", "net", "netdev"], &["-nic", "none"]);
    add_firmware(&mut list, machine, files);
    add_boot_medium(&mut list, machine);
    add_display(&mut list, machine);
    add_serial(&mut list, machine);
    list.unless_given(&["no-reboot"], &["-no-reboot"]);
    list.add(&["-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"]);
    add_end_channel(&mut list, machine, files);
    add_event_record(&mut list, machine, files);
    list.add(&["-qmp"]);
    list.arguments
        .push(with_path("unix:", &files.qmp_socket, ",server=on,wait=off"));
    if let Some(debugger) = &machine.debugger {
        list.unless_given(&["S"], &["-S"]);
        list.unless_given(&["s", "gdb"], &["-gdb", &format!("tcp:127.0.0.1:{}", debugger.port)]);
    }
    list.arguments.extend(machine.extra_arguments.iter().cloned());
    list.arguments.extend(with_resets_recorded(&machine.qemu_arguments));
    list.arguments
}

/// The arguments so far.
struct ArgumentList {
    /// The user's options.
    given: GivenOptions,
    /// Our own arguments.
    arguments: Vec<OsString>,
}

impl ArgumentList {
    /// Adds words.
    fn add(&mut self, words: &[&str]) {
        self.arguments.extend(words.iter().map(OsString::from));
    }

    /// Adds words, unless the user gives one of these options.
    fn unless_given(&mut self, names: &[&str], words: &[&str]) {
        if !self.given.any_of(names) {
            self.add(words);
        }
    }
}

/// Adds emulation (TCG), which behaves the same on every host, unless the user selects something else.
fn add_accelerator(list: &mut ArgumentList, machine: &Machine) {
    let by_machine = list
        .given
        .arguments_of(&["M", "machine"])
        .any(|argument| argument.contains("accel="));
    if by_machine || list.given.any_of(&["accel", "enable-kvm"]) {
        return;
    }
    let cpus = list.given.cpus().unwrap_or(machine.cpus);
    list.add(&[
        "-accel",
        if cpus > MOST_CPUS_WITH_A_THREAD_EACH {
            MANY_CPUS_ACCELERATOR
        } else {
            "tcg"
        },
    ]);
}

/// Adds the firmware's files. SeaBIOS is QEMU's own.
fn add_firmware(list: &mut ArgumentList, machine: &Machine, files: &RunFiles) {
    let flash = list
        .given
        .arguments_of(&["drive"])
        .any(|argument| argument.contains("if=pflash"));
    if flash || list.given.any_of(&["bios", "pflash"]) {
        return;
    }
    match &machine.firmware {
        FirmwareFiles::Bios => {}
        FirmwareFiles::UefiImage(image) => {
            list.add(&["-bios"]);
            list.arguments.push(image.into());
        }
        FirmwareFiles::UefiFlash { code, .. } => {
            list.add(&["-drive"]);
            list.arguments
                .push(with_path("if=pflash,unit=0,format=raw,readonly=on,file=", code, ""));
            list.add(&["-drive"]);
            list.arguments.push(with_path(
                "if=pflash,unit=1,format=raw,file=",
                &files.uefi_variables,
                "",
            ));
        }
    }
}

/// Adds the drive with the ISO as the first boot device. Writes of the guest go to a temporary file of QEMU.
fn add_boot_medium(list: &mut ArgumentList, machine: &Machine) {
    let (options, device) = match machine.boot_medium {
        BootMedium::Cd => ("media=cdrom,readonly=on", "ide-cd"),
        BootMedium::Usb => ("snapshot=on", "usb-storage"),
        BootMedium::Hdd => ("snapshot=on", "ide-hd"),
    };
    list.add(&["-drive"]);
    list.arguments.push(with_path(
        &format!("if=none,id=boot_medium,format=raw,{options},file="),
        &machine.iso,
        "",
    ));
    if machine.boot_medium == BootMedium::Usb {
        list.add(&["-device", "qemu-xhci"]);
    }
    list.add(&["-device", &format!("{device},drive=boot_medium,bootindex=0")]);
}

/// Adds the display.
fn add_display(list: &mut ArgumentList, machine: &Machine) {
    let shown_by_person = ["display", "nographic", "vnc", "spice", "sdl", "curses"];
    match machine.display {
        Display::Window => {}
        Display::Headless => list.unless_given(&shown_by_person, &["-display", "none"]),
        Display::NoAdapter => {
            list.unless_given(&shown_by_person, &["-display", "none"]);
            list.unless_given(&["vga"], &["-vga", "none"]);
        }
    }
}

/// Adds the first serial port. Only one device may have the terminal.
fn add_serial(list: &mut ArgumentList, machine: &Machine) {
    if list.given.any_of(&["serial"]) || list.given.take_the_terminal() {
        return;
    }
    match &machine.serial {
        SerialPort::Terminal => return list.add(&["-serial", "mon:stdio"]),
        SerialPort::Captured => list.add(&["-serial", "stdio"]),
        SerialPort::File(file) => {
            list.add(&["-serial"]);
            list.arguments.push(with_path("file:", file, ""));
        }
    }
    list.unless_given(&["monitor", "mon"], &["-monitor", "none"]);
}

/// Adds the second channel, which writes to a file.
fn add_end_channel(list: &mut ArgumentList, machine: &Machine, files: &RunFiles) {
    if machine.end_channel == EndChannel::Absent {
        return;
    }
    list.add(&["-chardev"]);
    list.arguments
        .push(with_path("file,id=end_report,path=", &files.end_report, ""));
    list.add(&[
        "-device",
        &format!("isa-debugcon,iobase={END_CHANNEL_PORT},chardev=end_report"),
    ]);
}

/// Adds the record of resets and interrupts, unless the user's own options replace it.
fn add_event_record(list: &mut ArgumentList, machine: &Machine, files: &RunFiles) {
    let events = match machine.event_log {
        EventLog::Resets => RESETS,
        EventLog::Interrupts => "int,cpu_reset",
    };
    list.unless_given(&["d"], &["-d", events]);
    if !list.given.any_of(&["d", "D"]) {
        list.add(&["-D"]);
        list.arguments.push(files.event_log.clone().into());
    }
}

/// Returns an argument with a path. QEMU separates options by commas, and reads two commas as one.
fn with_path(before: &str, path: &Path, after: &str) -> OsString {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let mut bytes = before.as_bytes().to_vec();
    for byte in path.as_os_str().as_bytes() {
        bytes.push(*byte);
        if *byte == b',' {
            bytes.push(b',');
        }
    }
    bytes.extend_from_slice(after.as_bytes());
    OsString::from_vec(bytes)
}

#[cfg(test)]
mod tests;
