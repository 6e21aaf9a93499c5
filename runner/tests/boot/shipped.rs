//! The shipped ISO on all machines that it supports.

use iso_image::{Payload, without_debug_information};
use libtest_mimic::Failed;
use runner::{BootMedium, Display, FirmwareKind, LoaderKind, Machine, built};

use crate::booted::Booted;
use crate::host::{
    FIRMWARES, boot_limit_s, firmware_name, iso_with, iso_with_command_line, machine, qemu, shipped_iso,
};
use crate::scenario::{Deadline, Outcome, Scenario};

/// Boot media of the matrix.
const MEDIA: [(BootMedium, &str); 3] = [
    (BootMedium::Cd, "cd"),
    (BootMedium::Usb, "usb"),
    (BootMedium::Hdd, "hdd"),
];
/// Processor counts of the matrix.
const CPU_COUNTS: [u32; 2] = [1, 4];

/// The matrix, unusual machines, and many processors.
pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for kind in FIRMWARES {
        for (medium, medium_name) in MEDIA {
            for cpus in CPU_COUNTS {
                let name = format!(
                    "shipped::boots_on_{}_from_{medium_name}_with_{cpus}_cpus",
                    firmware_name(kind)
                );
                scenarios.push(scenario(name, kind, boot_limit_s(kind), move |machine| {
                    machine.boot_medium = medium;
                    machine.cpus = cpus;
                }));
            }
        }
        let name = format!("shipped::boots_on_{}_with_64_mib", firmware_name(kind));
        scenarios.push(Scenario::new(name, boot_limit_s(kind), move |deadline| {
            boots_in_little_memory(kind, deadline)
        }));
        let name = format!("shipped::boots_on_{}_with_16_cpus", firmware_name(kind));
        scenarios.push(scenario(name, kind, 2 * boot_limit_s(kind), |machine| {
            machine.cpus = 16
        }));
        let name = format!("shipped::boots_on_{}_with_6_gib", firmware_name(kind));
        scenarios.push(scenario(name, kind, boot_limit_s(kind), |machine| {
            machine.memory_mib = 6 * 1024;
        }));
        let name = format!("shipped::boots_on_{}_without_a_display_adapter", firmware_name(kind));
        scenarios.push(Scenario::new(name, boot_limit_s(kind), move |deadline| {
            boots_blind(kind, deadline)
        }));
        let name = format!("shipped::boots_on_{}_with_a_meagre_processor", firmware_name(kind));
        scenarios.push(Scenario::new(name, boot_limit_s(kind), move |deadline| {
            boots_with_meagre_processor(kind, deadline)
        }));
    }
    scenarios.push(Scenario::new(
        "slow::shipped_boots_on_bios_with_300_cpus",
        240,
        |deadline| boots_with_300_cpus(FirmwareKind::Bios, deadline),
    ));
    scenarios.push(Scenario::new(
        "slow::shipped_boots_on_uefi_with_300_cpus",
        400,
        |deadline| boots_with_300_cpus(FirmwareKind::Uefi, deadline),
    ));
    scenarios
}

/// A machine that differs from the default.
fn scenario(
    name: String,
    kind: FirmwareKind,
    limit_s: u64,
    change: impl FnOnce(&mut Machine) + Send + 'static,
) -> Scenario {
    Scenario::new(name, limit_s, move |deadline| {
        let mut machine = machine(kind, &shipped_iso()?)?;
        change(&mut machine);
        let booted = boot(&machine, deadline)?;
        check_log(&booted, &machine)
    })
}

/// Boots until every processor idles.
fn boot(machine: &Machine, deadline: Deadline) -> Result<Booted, Failed> {
    let mut booted = Booted::start(machine, deadline)?;
    booted.expect(&idle_line(machine))?;
    Ok(booted)
}

/// Start of the boot's last line.
fn idle_line(machine: &Machine) -> String {
    format!("All {} processors are up and idle", machine.cpus)
}

/// Checks the log lines that every boot must have.
fn check_log(booted: &Booted, machine: &Machine) -> Outcome {
    let lines = booted.log_lines();
    let digits = format!("{:X}", machine.cpus - 1).len();
    let count = |cpu: u32, message: &str| {
        let cpu = format!("{cpu:0digits$X}");
        lines
            .iter()
            .filter(|line| line.cpu == cpu && line.level == "INFO" && line.message == message)
            .count()
    };
    booted.check(count(0, "Hello from BSP") == 1, "no `Hello from BSP`, or more than one")?;
    for cpu in 1..machine.cpus {
        booted.check(
            count(cpu, "Hello from AP") == 1,
            &format!("no `Hello from AP` of processor {cpu:X}, or several"),
        )?;
    }
    let hellos = lines
        .iter()
        .filter(|line| line.message.starts_with("Hello from"))
        .count();
    booted.check(
        hellos == machine.cpus as usize,
        "another number of hellos than of processors",
    )?;
    let module = format!("Module /user_mode_program_0: {} bytes", program_size_on_iso()?);
    booted.check(count(0, &module) == 1, &format!("no line {module:?}"))?;
    let trouble = lines
        .iter()
        .find(|line| matches!(line.level.as_str(), "ERROR" | "WARN"));
    booted.check(trouble.is_none(), &format!("errors or warnings: {trouble:?}"))
}

/// Returns the size of the program on the ISO.
fn program_size_on_iso() -> Result<usize, Failed> {
    let contents = built::contents()?;
    match contents.modules.first().map(|module| &module.payload) {
        Some(Payload::Program(path)) => Ok(without_debug_information(&std::fs::read(path)?)?.len()),
        other => Err(format!("the first module is no program: {other:?}").into()),
    }
}

/// Boots with 64 MiB. With UEFI, only our loader: Limine 11 itself needs more memory.
fn boots_in_little_memory(kind: FirmwareKind, deadline: Deadline) -> Outcome {
    let iso = match kind {
        FirmwareKind::Bios => shipped_iso()?,
        FirmwareKind::Uefi => iso_with(built::contents()?, Some(LoaderKind::Grub))?,
    };
    let mut machine = machine(kind, &iso)?;
    machine.memory_mib = 64;
    let booted = boot(&machine, deadline)?;
    check_log(&booted, &machine)
}

/// Checks that the kernel reports a processor without x2APIC, NX, PAT, global pages, 1 GiB pages and newer protections.
fn boots_with_meagre_processor(kind: FirmwareKind, deadline: Deadline) -> Outcome {
    let mut machine = machine(kind, &shipped_iso()?)?;
    machine.cpu_model = "qemu64,-nx,-pat,-pge".to_owned();
    let booted = boot(&machine, deadline)?;
    check_log(&booted, &machine)?;
    for words in [
        "Protections: NX absent, WP on, SMEP absent, SMAP absent, UMIP absent",
        "Local APICs: x2APIC absent, in xAPIC mode",
        "Paging: pages of up to 2 MiB, write-combining absent, global pages absent",
    ] {
        booted.check(booted.text().contains(words), &format!("the log lacks {words:?}"))?;
    }
    Ok(())
}

/// Checks that, without a display adapter, the kernel only logs to the serial port, and reports that.
fn boots_blind(kind: FirmwareKind, deadline: Deadline) -> Outcome {
    let mut machine = machine(kind, &shipped_iso()?)?;
    machine.display = Display::NoAdapter;
    let booted = boot(&machine, deadline)?;
    check_log(&booted, &machine)?;
    let says_so = booted
        .log_lines()
        .iter()
        .any(|line| line.message.contains("No frame buffer"));
    booted.check(says_so, "the kernel did not notice that there is no frame buffer")
}

/// Counts the processors that have logged their first timer interrupt.
fn first_interrupts(booted: &Booted) -> usize {
    booted.text().matches("Received APIC timer interrupt").count()
}

/// Boots with more processors than xAPIC ids: the kernel needs x2APIC.
fn boots_with_300_cpus(kind: FirmwareKind, deadline: Deadline) -> Outcome {
    let qemu = qemu()?;
    if !qemu.has_x2apic() {
        return Err(format!(
            "QEMU {} emulates no x2APIC: 300 processors need QEMU 9 or newer (Debian 12: bookworm-backports)",
            qemu.version()
        )
        .into());
    }
    let mut machine = machine(kind, &iso_with_command_line("log.level=debug")?)?;
    machine.cpus = 300;
    machine.memory_mib = 1024;
    machine.cpu_model = "qemu64,+x2apic".to_owned();
    let booted = boot(&machine, deadline)?;
    check_log(&booted, &machine)?;
    // The last processor may log its first interrupt after the boot's last line.
    while first_interrupts(&booted) < 300 && !deadline.left().is_zero() {
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    let firsts = first_interrupts(&booted);
    booted.check(
        firsts == 300,
        &format!("{firsts} processors have had an interrupt of their timers"),
    )?;
    booted.check(
        booted.text().contains("[0C1] INFO  Hello from AP"),
        "no line `[0C1] INFO  Hello from AP`",
    )
}
