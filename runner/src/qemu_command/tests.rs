//! The command line of QEMU, case by case.

use super::*;

/// The arguments of the machine of `cargo run`, changed, with QEMU's options of a person.
fn arguments_of(change: impl FnOnce(&mut Machine), given: &str) -> Vec<String> {
    let mut machine = Machine::new("/iso".into(), FirmwareFiles::UefiImage("/OVMF.fd".into()));
    machine.serial = SerialPort::Terminal;
    machine.qemu_arguments = given.split_whitespace().map(OsString::from).collect();
    change(&mut machine);
    let words = arguments(&machine, &RunFiles::in_folder(Path::new("/run")));
    words.into_iter().map(|word| word.into_string().unwrap()).collect()
}

/// The argument of each option of that name.
fn values<'a>(words: &'a [String], option: &str) -> Vec<&'a str> {
    let pairs = words.iter().zip(words.iter().skip(1));
    pairs
        .filter(|(word, _)| word.trim_start_matches('-') == option)
        .map(|(_, value)| value.as_str())
        .collect()
}

#[test]
fn the_defaults_are_those_that_the_help_promises() {
    assert_eq!(
        arguments_of(|_| (), "").join(" "),
        "-M q35 -accel tcg -cpu max -smp 4 -m 256M -nic none -bios /OVMF.fd \
         -drive if=none,id=boot_medium,format=raw,media=cdrom,readonly=on,file=/iso \
         -device ide-cd,drive=boot_medium,bootindex=0 -display none -serial mon:stdio -no-reboot \
         -device isa-debug-exit,iobase=0xf4,iosize=0x04 -d cpu_reset -D /run/events.log \
         -qmp unix:/run/qmp.sock,server=on,wait=off"
    );
}

#[test]
fn a_default_is_dropped_when_the_person_gives_it_in_either_spelling() {
    for (option, value) in [
        ("M", "pc"),
        ("accel", "kvm"),
        ("cpu", "qemu64"),
        ("smp", "8"),
        ("m", "1G"),
        ("nic", "user"),
        ("bios", "/x"),
        ("display", "gtk"),
        ("serial", "file:x"),
    ] {
        for dashes in ["-", "--"] {
            let words = arguments_of(|_| (), &format!("{dashes}{option} {value}"));
            assert_eq!(values(&words, option), [value], "{dashes}{option}");
            assert_eq!(
                words[words.len() - 2..],
                [format!("{dashes}{option}"), value.to_owned()]
            );
        }
    }
}

#[test]
fn resets_are_recorded_beside_what_the_person_records() {
    let words = arguments_of(|_| (), "-d int");
    assert_eq!(
        (values(&words, "d"), values(&words, "D")),
        (vec!["int,cpu_reset"], vec![])
    );
    let words = arguments_of(|_| (), "-D log");
    assert_eq!(
        (values(&words, "d"), values(&words, "D")),
        (vec!["cpu_reset"], vec!["log"])
    );
}

#[test]
fn another_name_of_an_option_drops_the_default_as_well() {
    for (given, dropped) in [
        ("--machine q35", "M"),
        ("-machine q35,accel=kvm", "accel"),
        ("-enable-kvm", "accel"),
        ("--nographic", "display"),
        ("-vnc :1", "display"),
        ("-net none", "nic"),
        ("-pflash /x", "bios"),
        ("-drive if=pflash,file=/x", "bios"),
        ("-monitor stdio", "serial"),
        ("-chardev stdio,id=x -device isa-serial,chardev=x", "serial"),
    ] {
        assert_eq!(values(&arguments_of(|_| (), given), dropped), [""; 0], "{given}");
    }
    let no_reboot = arguments_of(|_| (), "--no-reboot");
    assert_eq!(no_reboot.iter().filter(|word| word.ends_with("-no-reboot")).count(), 1);
}

#[test]
fn nographic_keeps_the_serial_port_on_the_terminal() {
    let words = arguments_of(|_| (), "--nographic --no-reboot -d int");
    assert_eq!(values(&words, "serial"), ["mon:stdio"]);
}

#[test]
fn three_hundred_cpus_of_another_model_replace_ours_and_share_a_thread() {
    let words = arguments_of(|_| (), "--machine q35 --cpu qemu64,+x2apic -m 1G --smp 300");
    assert_eq!(words[..2], ["-accel", "tcg,thread=single,tb-size=4"]);
    for (option, value) in [
        ("cpu", "qemu64,+x2apic"),
        ("m", "1G"),
        ("smp", "300"),
        ("machine", "q35"),
    ] {
        assert_eq!(values(&words, option), [value]);
    }
    assert_eq!(values(&words, "M"), [""; 0]);
}

#[test]
fn only_above_sixteen_cpus_one_thread_serves_all() {
    for (cpus, accelerator) in [
        (1, "tcg"),
        (16, "tcg"),
        (17, "tcg,thread=single,tb-size=4"),
        (300, "tcg,thread=single,tb-size=4"),
    ] {
        assert_eq!(
            values(&arguments_of(|machine| machine.cpus = cpus, ""), "accel"),
            [accelerator],
            "{cpus}"
        );
        assert_eq!(
            values(&arguments_of(|_| (), &format!("-smp {cpus}")), "accel"),
            [accelerator],
            "{cpus}"
        );
    }
}

#[test]
fn the_argument_of_another_option_drops_nothing() {
    let words = arguments_of(|_| (), "-append -serial -name --cpu");
    assert_eq!(
        (values(&words, "serial")[0], values(&words, "cpu")[0]),
        ("mon:stdio", "max")
    );
}

#[test]
fn extra_arguments_drop_nothing_and_come_before_the_persons() {
    let more = |machine: &mut Machine| machine.extra_arguments = vec!["-serial".into(), "file:com2".into()];
    let words = arguments_of(more, "-S");
    assert_eq!(values(&words, "serial"), ["mon:stdio", "file:com2"]);
    assert_eq!(words.last().map(String::as_str), Some("-S"));
}

#[test]
fn every_boot_medium_is_the_first_to_boot_from() {
    for (medium, device) in [
        (BootMedium::Cd, "ide-cd"),
        (BootMedium::Usb, "usb-storage"),
        (BootMedium::Hdd, "ide-hd"),
    ] {
        let words = arguments_of(|machine| machine.boot_medium = medium, "");
        assert!(values(&words, "device").contains(&format!("{device},drive=boot_medium,bootindex=0").as_str()));
        assert!(values(&words, "drive")[0].contains(if medium == BootMedium::Cd {
            "readonly=on"
        } else {
            "snapshot=on"
        }));
    }
}

#[test]
fn commas_in_paths_are_doubled() {
    let words = arguments_of(|machine| machine.iso = "/a,b/os.iso".into(), "");
    assert!(values(&words, "drive")[0].ends_with(",file=/a,,b/os.iso"));
}

#[test]
fn flash_chips_are_code_and_a_copy_of_the_variables() {
    let flash = FirmwareFiles::UefiFlash {
        code: "/CODE.fd".into(),
        variables: "/VARS.fd".into(),
    };
    let words = arguments_of(|machine| machine.firmware = flash, "");
    let drives = values(&words, "drive");
    assert_eq!(drives[0], "if=pflash,unit=0,format=raw,readonly=on,file=/CODE.fd");
    assert_eq!(drives[1], "if=pflash,unit=1,format=raw,file=/run/uefi-variables.fd");
}

#[test]
fn the_debugger_is_waited_for_on_this_host_only() {
    let debug = |machine: &mut Machine| machine.debugger = Some(crate::machine::Debugger { port: 1234 });
    let words = arguments_of(debug, "");
    assert!(words.contains(&"-S".to_owned()));
    assert_eq!(values(&words, "gdb"), ["tcp:127.0.0.1:1234"]);
    assert_eq!(values(&arguments_of(debug, "-gdb tcp::5"), "gdb"), ["tcp::5"]);
    assert_eq!(values(&arguments_of(debug, "-s -S"), "gdb"), [""; 0]);
}

#[test]
fn the_end_channel_is_a_file_of_the_run() {
    let words = arguments_of(|machine| machine.end_channel = EndChannel::Kept, "");
    assert_eq!(values(&words, "chardev"), ["file,id=end_report,path=/run/end-report"]);
    assert!(values(&words, "device").contains(&"isa-debugcon,iobase=0xe9,chardev=end_report"));
}

#[test]
fn a_machine_without_a_display_adapter_has_none() {
    let words = arguments_of(|machine| machine.display = Display::NoAdapter, "");
    assert_eq!(
        (values(&words, "vga"), values(&words, "display")),
        (vec!["none"], vec!["none"])
    );
    assert_eq!(
        values(
            &arguments_of(|machine| machine.display = Display::Window, ""),
            "display"
        ),
        [""; 0]
    );
}
