//! Conformance to the boot protocol, checked by a kernel that receives it: always with our loader, and with Limine if
//! `LIMINE_PATH` is set. Then both reports are compared field by field.

use std::collections::BTreeMap;
use std::env;

use iso_image::{BootText, Contents, Payload};
use libtest_mimic::Failed;
use runner::{Ending, FirmwareKind, LoaderKind};

use crate::booted::Booted;
use crate::host::{CONFORMANCE_KERNEL, FIRMWARES, boot_limit_s, contents_with_kernel, file, firmware_name, iso_with};
use crate::scenario::{Deadline, Outcome, Scenario};

/// Time of the machine's clock at its start, as QEMU's argument and in seconds since 1970.
const CLOCK: (&str, u64) = ("2031-05-06T07:08:09", 1_935_817_689);
/// Size of the module: more than a page, and no multiple of a page.
const MODULE_BYTES: usize = 12_345;

/// A machine for the conformance kernel.
#[derive(Debug, Clone, Copy)]
struct Machine {
    /// BIOS or UEFI.
    kind: FirmwareKind,
    cpus: u32,
    /// QEMU's arguments.
    cpu_model: &'static str,
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    let compares = env::var_os("LIMINE_PATH").is_some_and(|path| !path.is_empty());
    let mut scenarios = Vec::new();
    for kind in FIRMWARES {
        for (cpus, cpu_model, name) in [
            (1, "max", "1_cpu"),
            (4, "max", "4_cpus"),
            (2, "qemu64,-nx", "cpus_without_no_execute_and_x2apic"),
        ] {
            let machine = Machine { kind, cpus, cpu_model };
            let firmware = firmware_name(kind);
            scenarios.push(Scenario::new(
                format!("conformance::our_loader_on_{firmware}_with_{name}"),
                boot_limit_s(kind),
                move |deadline| Report::of(machine, LoaderKind::Grub, deadline).map(drop),
            ));
            if compares {
                scenarios.push(Scenario::new(
                    format!("conformance::limine_and_our_loader_agree_on_{firmware}_with_{name}"),
                    boot_limit_s(kind) * 2,
                    move |deadline| agree(machine, deadline),
                ));
            }
        }
    }
    scenarios
}

/// Checks that both boot loaders pass the same checks and report the same facts.
fn agree(machine: Machine, deadline: Deadline) -> Outcome {
    let ours = Report::of(machine, LoaderKind::Grub, deadline)?;
    let limines = Report::of(machine, LoaderKind::Limine, deadline)?;
    let mut differences = Vec::new();
    for name in ours
        .lines
        .keys()
        .chain(limines.lines.keys().filter(|name| !ours.lines.contains_key(*name)))
    {
        let (our_line, limines_line) = (ours.lines.get(name), limines.lines.get(name));
        if our_line != limines_line {
            differences.push(format!("{name}: ours {our_line:?}, Limine's {limines_line:?}"));
        }
    }
    if differences.is_empty() {
        Ok(())
    } else {
        Err(differences.join("\n").into())
    }
}

/// The conformance kernel's report.
struct Report {
    /// Names of all checks and facts. Information, which may differ, is left out.
    lines: BTreeMap<String, String>,
}

impl Report {
    /// Boots the kernel. A failed check or an incomplete report is an error.
    fn of(machine: Machine, loader: LoaderKind, deadline: Deadline) -> Result<Self, Failed> {
        let mut booted = start(machine, loader, deadline)?;
        let passed = booted.expect_ending(&Ending::Passed);
        let text = booted.text();
        let failures: Vec<&str> = text.lines().filter(|line| line.starts_with("FAIL ")).collect();
        if !failures.is_empty() {
            return Err(booted.failed(&format!("checks that failed:\n{}", failures.join("\n"))));
        }
        passed?;
        let lines: BTreeMap<String, String> = text.lines().filter_map(name_and_value).collect();
        let checks = lines.values().filter(|value| value.as_str() == "ok").count();
        let sum = format!("conformance: {checks} ok, 0 failed");
        booted.check(
            text.contains(&sum),
            &format!("no line {sum:?}: a check's name occurs twice, or a line is lost"),
        )?;
        Ok(Self { lines })
    }
}

/// Returns the name of a check with `ok`, or of a fact with its value.
fn name_and_value(line: &str) -> Option<(String, String)> {
    if let Some(name) = line.strip_prefix("ok   ") {
        return Some((name.to_owned(), "ok".to_owned()));
    }
    let (name, value) = line.strip_prefix("fact ")?.split_once(" = ")?;
    Some((name.to_owned(), value.to_owned()))
}

/// Starts the kernel on a machine with all features that it can check.
fn start(machine: Machine, loader: LoaderKind, deadline: Deadline) -> Result<Booted, Failed> {
    let command_line = format!(
        "conformance require=frame_buffer,rsdp,mp,smbios,modules firmware={} cpus={} module_string=with,a;string= date_between={},{}",
        firmware_name(machine.kind),
        machine.cpus,
        CLOCK.1,
        CLOCK.1 + 120
    );
    let mut contents = contents_with_kernel(CONFORMANCE_KERNEL, &command_line)?;
    put_pattern_module(&mut contents)?;
    let iso = iso_with(contents, Some(loader))?;
    let mut described = crate::host::machine(machine.kind, &iso)?;
    described.cpus = machine.cpus;
    described.cpu_model = machine.cpu_model.to_owned();
    described.extra_arguments = vec!["-rtc".into(), format!("base={}", CLOCK.0).into()];
    Booted::start(&described, deadline)
}

/// Replaces the program by the file with the known pattern.
pub(crate) fn put_pattern_module(contents: &mut Contents) -> Outcome {
    let module = contents.modules.first_mut().ok_or("the shipped ISO has no module")?;
    module.payload = Payload::Verbatim(file("pattern", &pattern())?);
    module.string = BootText::new("with,a;string=")?;
    Ok(())
}

/// Makes the file that the kernel expects: magic, size, pattern.
fn pattern() -> Vec<u8> {
    let header = b"PATTERN\n".iter().copied().chain((MODULE_BYTES as u64).to_le_bytes());
    let rest = (16..MODULE_BYTES).map(|offset| ((offset * 31) ^ (offset >> 8)).to_le_bytes()[0]);
    header.chain(rest).collect()
}
