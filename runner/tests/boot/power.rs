//! Switching off and starting again, when the command line wants it.

use runner::{Ending, FirmwareKind, Machine};

use crate::booted::Booted;
use crate::host::{FIRMWARES, boot_limit_s, firmware_name, iso_with_command_line, iso_with_words, machine};
use crate::scenario::{Deadline, Outcome, Scenario};

/// Kinds of PCs.
const MACHINE_TYPES: [&str; 2] = ["q35", "pc"];

/// All of the subject.
pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for kind in FIRMWARES {
        for machine_type in MACHINE_TYPES {
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

/// The machine ends as the command line wants.
fn ends(kind: FirmwareKind, machine_type: &str, word: &str, ending: &Ending, deadline: Deadline) -> Outcome {
    let mut machine = machine(kind, &iso_with_command_line(word)?)?;
    machine.qemu_arguments = ["-M", machine_type].map(Into::into).into();
    let mut booted = Booted::start(&machine, deadline)?;
    booted.expect_ending(ending)?;
    booted.check(
        booted.text().contains("All 4 processors are up and idle"),
        "the machine ended before its time",
    )
}

/// Without the tables nobody knows how the machine is switched off; the kernel says so, and goes on.
fn stays_on(deadline: Deadline) -> Outcome {
    let iso = iso_with_words("loader.no-rsdp exit=shutdown")?;
    let mut booted = Booted::start(&machine(FirmwareKind::Bios, &iso)?, deadline)?;
    booted.expect("ERROR The machine cannot be switched off: ACPI does not say where that is done")
}

/// Without the register that the FADT names, the next way is taken.
fn resets_without_fadt(machine_type: &str, ending: &Ending, deadline: Deadline) -> Outcome {
    let iso = iso_with_words("loader.garble-table=FACP exit=reboot")?;
    let mut machine: Machine = machine(FirmwareKind::Bios, &iso)?;
    machine.qemu_arguments = ["-M", machine_type].map(Into::into).into();
    let mut booted = Booted::start(&machine, deadline)?;
    booted.expect_ending(ending)?;
    booted.check(
        booted.text().contains("INFO  Rebooting"),
        "the kernel did not say what it was about to do",
    )
}

/// Nothing ends by itself.
fn halts(deadline: Deadline) -> Outcome {
    let iso = iso_with_command_line("exit=reboot exit=halt")?;
    let mut booted = Booted::start(&machine(FirmwareKind::Bios, &iso)?, deadline)?;
    booted.expect("All 4 processors are up and idle")?;
    std::thread::sleep(std::time::Duration::from_secs(2));
    let says_more = booted.text().contains("Rebooting") || booted.text().contains("Shutting down");
    booted.check(!says_more, "the kernel does not halt")
}
