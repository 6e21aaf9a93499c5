//! Power-off and reset, as the command line requests.

use runner::{Ending, FirmwareKind};

use crate::booted::Booted;
use crate::host::{boot_limit_s, firmware_name, iso_with_command_line, iso_with_words, machine_on_one_thread};
use crate::scenario::{Deadline, Outcome, Scenario};

/// Firmware and machine types: the machine type determines the registers, the firmware whether ACPI mode is already on.
const MACHINES: [(FirmwareKind, &str); 3] = [
    (FirmwareKind::Bios, "q35"),
    (FirmwareKind::Bios, "pc"),
    (FirmwareKind::Uefi, "q35"),
];

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for (kind, machine_type) in MACHINES {
        for (word, rule, ending) in [
            ("exit=shutdown", "switches_itself_off", Ending::ShutDown),
            ("exit=reboot", "starts_again", Ending::Rebooted),
        ] {
            let name = format!("power::a_{machine_type}_machine_{rule}_on_{}", firmware_name(kind));
            scenarios.push(Scenario::new(name, 2 * boot_limit_s(kind), move |deadline| {
                ends(kind, machine_type, word, &ending, deadline)
            }));
        }
    }
    scenarios.extend([
        Scenario::new("power::without_acpi_the_machine_stays_on", 30, stays_on),
        Scenario::new("power::the_register_of_the_fadt_resets", 30, |deadline| {
            ends(
                FirmwareKind::Bios,
                "q35,i8042=off",
                "exit=reboot",
                &Ending::Rebooted,
                deadline,
            )
        }),
        Scenario::new("power::without_a_fadt_the_keyboard_controller_resets", 30, |deadline| {
            resets_without_fadt("q35", &Ending::Rebooted, deadline)
        }),
        Scenario::new(
            "power::without_a_fadt_and_a_keyboard_controller_a_triple_fault_resets",
            30,
            |deadline| resets_without_fadt("q35,i8042=off", &Ending::TripleFault, deadline),
        ),
        Scenario::new("power::the_kernel_halts_unless_told_otherwise", 30, halts),
    ]);
    scenarios
}

/// Checks that the machine ends as the command line requests.
fn ends(kind: FirmwareKind, machine_type: &str, word: &str, ending: &Ending, deadline: Deadline) -> Outcome {
    let mut machine = machine_on_one_thread(kind, &iso_with_command_line(word)?)?;
    machine.qemu_arguments.extend(["-M", machine_type].map(Into::into));
    let mut booted = Booted::start(&machine, deadline)?;
    booted.expect_ending(ending)?;
    booted.check(
        booted.text().contains("All 4 processors are up and idle"),
        "the machine ended before its time",
    )
}

/// Checks that, without the tables, the kernel reports that it cannot power off.
fn stays_on(deadline: Deadline) -> Outcome {
    let iso = iso_with_words("loader.no-rsdp exit=shutdown")?;
    let mut booted = Booted::start(&machine_on_one_thread(FirmwareKind::Bios, &iso)?, deadline)?;
    booted.expect("ERROR The machine cannot be switched off: the ACPI tables have no PM1 control register")
}

/// Checks that, without the FADT's reset register, the kernel uses the next method.
fn resets_without_fadt(machine_type: &str, ending: &Ending, deadline: Deadline) -> Outcome {
    let iso = iso_with_words("loader.garble-table=FACP exit=reboot")?;
    let mut machine = machine_on_one_thread(FirmwareKind::Bios, &iso)?;
    machine.qemu_arguments.extend(["-M", machine_type].map(Into::into));
    let mut booted = Booted::start(&machine, deadline)?;
    booted.expect_ending(ending)?;
    booted.check(
        booted.text().contains("INFO  Rebooting"),
        "the kernel did not say what it was about to do",
    )
}

/// Checks that `exit=halt` keeps the machine on.
fn halts(deadline: Deadline) -> Outcome {
    let iso = iso_with_command_line("exit=reboot exit=halt")?;
    let mut booted = Booted::start(&machine_on_one_thread(FirmwareKind::Bios, &iso)?, deadline)?;
    booted.expect("All 4 processors are up and idle")?;
    std::thread::sleep(std::time::Duration::from_secs(2));
    let says_more = booted.text().contains("Rebooting") || booted.text().contains("Shutting down");
    booted.check(!says_more, "the kernel does not halt")
}
