//! Sound, damaged and missing firmware tables: the kernel reports what is wrong, and boots with the rest.
//!
//! Our loader's test hooks corrupt tables, so those tests need GRUB.

use std::path::Path;

use libtest_mimic::Failed;
use runner::{FirmwareKind, Machine};

use crate::booted::Booted;
use crate::host::{
    FIRMWARES, boot_limit_s, firmware_name, iso_with_command_line, iso_with_words, machine_on_one_thread, shipped_iso,
};
use crate::scenario::{Deadline, Outcome, Scenario};

/// A machine with a corrupted or missing table: test name, words for the loader, arguments for QEMU, expected log
/// lines, and unexpected ones.
type Case = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
);

/// Machines with faulty tables. All must boot with four processors.
const CASES: [Case; 12] = [
    (
        "no_root_pointer_leaves_the_pit_to_measure_by",
        "loader.no-rsdp",
        &[],
        &[
            "WARN  ACPI: no ACPI root pointer",
            "Hz by the PIT",
            "WARN  There is no I/O APIC: devices cannot interrupt",
        ],
        &["ACPI Tables:"],
    ),
    (
        "a_madt_with_an_entry_of_no_length_is_cut_off",
        "loader.garble-table=APIC",
        &[],
        &[
            "WARN  ACPI: MADT entry of type 0 at offset 44: absurd length, 0 bytes",
            "ACPI Tables: [\"FACP\"",
            "WARN  There is no I/O APIC",
        ],
        &[],
    ),
    (
        "a_corrupted_fadt_is_left_out",
        "loader.garble-table=FACP",
        &[],
        &["WARN  ACPI: ", "no sound table FACP", "\"APIC\"", "Hz by the HPET"],
        &["\"FACP\""],
    ),
    (
        "a_corrupted_hpet_leaves_the_power_management_timer",
        "loader.garble-table=HPET",
        &[],
        &["WARN  ACPI: ", "Hz by the ACPI's power management timer"],
        &["\"HPET\""],
    ),
    (
        "a_machine_without_hpet_is_measured_by_the_power_management_timer",
        "log.level=trace",
        &["-machine", "q35,hpet=off"],
        &["Hz by the ACPI's power management timer"],
        &[" WARN "],
    ),
    (
        "a_machine_without_hpet_and_fadt_is_measured_by_the_pit",
        "loader.garble-table=FACP",
        &["-machine", "q35,hpet=off"],
        &["Hz by the PIT"],
        &["\"FACP\""],
    ),
    (
        "an_io_apic_at_an_odd_address_is_left_out",
        "loader.write-table=APIC:80:02",
        &[],
        &["no registers can lie at 0xfec00002", "WARN  There is no I/O APIC"],
        &[],
    ),
    (
        "an_io_apic_in_ram_is_refused",
        "loader.write-table=APIC:80:00000001",
        &[],
        &[
            "WARN  The I/O APIC at 0x1000000 cannot be used: there is RAM at 0x1000000",
            "WARN  There is no I/O APIC",
        ],
        &[],
    ),
    (
        "an_io_apic_that_is_not_there_is_refused",
        "loader.write-table=APIC:80:0000d8fe",
        &[],
        &[
            "WARN  The I/O APIC at 0xfed80000 cannot be used: no device answers there",
            "WARN  There is no I/O APIC",
        ],
        &[],
    ),
    (
        "a_power_management_timer_past_the_last_port_is_where_the_older_field_says",
        "loader.write-table=FACP:208:01200003ffffffff00000000",
        &["-machine", "q35,hpet=off"],
        &["Hz by the ACPI's power management timer"],
        &[],
    ),
    (
        "a_power_management_timer_that_stands_still_leaves_the_pit",
        "loader.write-table=FACP:208:012000038000000000000000",
        &["-machine", "q35,hpet=off"],
        &["Hz by the PIT"],
        &[],
    ),
    (
        "an_old_machine_comes_up",
        "log.level=trace",
        &["-machine", "pc"],
        &["ACPI Tables: [\"FACP\", \"APIC\", \"HPET\"", "Hz by the HPET"],
        &[" WARN "],
    ),
];

/// Cases that also boot with UEFI, which lists the tables in an XSDT instead of an RSDT: no table, one corrupted table,
/// all tables of another machine. The firmware makes no other difference.
const ALSO_ON_UEFI: [&str; 3] = [
    "no_root_pointer_leaves_the_pit_to_measure_by",
    "a_madt_with_an_entry_of_no_length_is_cut_off",
    "an_old_machine_comes_up",
];

/// HPETs at addresses without a device: test name, address, expected log line.
const HPETS: [(&str, u64, &str); 3] = [
    (
        "an_hpet_in_ram_is_refused",
        0x100_0000,
        "there is RAM at 0x1000000, not device registers",
    ),
    (
        "an_hpet_beyond_the_processors_addresses_is_refused",
        1 << 51,
        "the page tables refuse: ",
    ),
    (
        "an_hpet_that_is_not_there_is_refused",
        0xfed8_0000,
        "there is none at 0xfed80000",
    ),
];

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for kind in FIRMWARES {
        let name = |rule: &str| format!("firmware_tables::{rule}_on_{}", firmware_name(kind));
        for case in CASES
            .into_iter()
            .filter(|case| kind == FirmwareKind::Bios || ALSO_ON_UEFI.contains(&case.0))
        {
            let run = move |deadline| comes_up(kind, &case, deadline);
            scenarios.push(Scenario::new(name(case.0), 2 * boot_limit_s(kind), run));
        }
        let run = move |deadline| tables_and_date(kind, deadline);
        scenarios.push(Scenario::new(
            name("the_tables_and_the_machines_date_are_logged"),
            boot_limit_s(kind),
            run,
        ));
        let run = move |deadline| flood(kind, deadline);
        scenarios.push(Scenario::new(
            name("thousands_of_faults_are_some_lines"),
            boot_limit_s(kind),
            run,
        ));
    }
    for (rule, address, why) in HPETS {
        let name = format!("firmware_tables::{rule}");
        scenarios.push(Scenario::new(name, boot_limit_s(FirmwareKind::Bios), move |deadline| {
            refuses_hpet(address, why, deadline)
        }));
    }
    scenarios
}

/// Boots until all four processors idle, without an error.
fn come_up(machine: &Machine, deadline: Deadline) -> Result<Booted, Failed> {
    let mut booted = Booted::start(machine, deadline)?;
    booted.expect("All 4 processors are up and idle")?;
    booted.check(!booted.text().contains(" ERROR "), "there is an error")?;
    Ok(booted)
}

/// Boots, and checks the log lines.
fn comes_up(kind: FirmwareKind, case: &Case, deadline: Deadline) -> Outcome {
    let (_, words, arguments, says, says_not) = case;
    let mut machine = machine_on_one_thread(kind, &iso_with_words(words)?)?;
    machine.qemu_arguments.extend(arguments.iter().map(Into::into));
    let booted = come_up(&machine, deadline)?;
    let text = booted.text();
    for words in *says {
        booted.check(text.contains(words), &format!("the log lacks {words:?}"))?;
    }
    for words in *says_not {
        booted.check(!text.contains(words), &format!("the log says {words:?}"))?;
    }
    Ok(())
}

/// Checks that the log lists the tables of every QEMU machine, the values from them, and the date of the machine's
/// clock.
fn tables_and_date(kind: FirmwareKind, deadline: Deadline) -> Outcome {
    let mut machine = machine_on_one_thread(kind, &iso_with_command_line("")?)?;
    machine
        .qemu_arguments
        .extend(["-rtc", "base=2031-02-03T04:05:00"].map(Into::into));
    let booted = come_up(&machine, deadline)?;
    let text = booted.text();
    for words in [
        "ACPI Tables: [\"FACP\", \"APIC\", \"HPET\", \"MCFG\", \"WAET\"",
        "The I/O APICs have 24 inputs",
        "Booted on 2031-02-03 at 04:05:",
        "Clock: TSC ",
    ] {
        booted.check(text.contains(words), &format!("the log lacks {words:?}"))?;
    }
    let firsts = text.matches("Received APIC timer interrupt").count();
    booted.check(
        firsts == 4,
        &format!("{firsts} processors have had an interrupt of their timers"),
    )
}

/// Checks that the kernel refuses an HPET table with an impossible register address.
fn refuses_hpet(address: u64, why: &str, deadline: Deadline) -> Outcome {
    let mut table = b"HPET".to_vec();
    table.extend(56_u32.to_le_bytes());
    table.resize(36 + 4, 0);
    // Address of the registers: memory, 64 bits.
    table.extend([0, 64, 0, 0]);
    table.extend(address.to_le_bytes());
    table.resize(56, 0);
    let mut machine = machine_on_one_thread(FirmwareKind::Bios, &shipped_iso()?)?;
    machine
        .qemu_arguments
        .extend(["-machine", "q35,hpet=off"].map(Into::into));
    add_table(&mut machine, "hpet_in_ram", table)?;
    let booted = come_up(&machine, deadline)?;
    for words in [
        &format!("WARN  The HPET cannot be used: {why}"),
        "Hz by the ACPI's power management timer",
    ] {
        booted.check(booted.text().contains(words), &format!("the log lacks {words:?}"))?;
    }
    Ok(())
}

/// Checks that a table full of errors gives readable log lines, and does not delay the boot.
fn flood(kind: FirmwareKind, deadline: Deadline) -> Outcome {
    const ENTRIES: usize = 2000;
    /// A processor's entry, of which nothing but type and length is there.
    const SHORT_ENTRY: [u8; 2] = [0, 2];
    let length = 44 + SHORT_ENTRY.len() * ENTRIES;
    let mut table = b"APIC".to_vec();
    table.extend(u32::try_from(length)?.to_le_bytes());
    table.resize(44, 0);
    table.extend(SHORT_ENTRY.repeat(ENTRIES));
    // Renames QEMU's MADT to XPIC after the loader has read it: the kernel reads the other one.
    let mut machine = machine_on_one_thread(kind, &iso_with_words("loader.write-table=APIC:0:58")?)?;
    add_table(&mut machine, "flood", table)?;
    let booted = come_up(&machine, deadline)?;
    let lines = booted.text().matches("WARN  ACPI: MADT entry of type 0 at").count();
    booted.check(lines == 50, &format!("{lines} lines, not 50"))?;
    booted.check(
        booted.text().contains("WARN  ACPI: 1950 more things are wrong"),
        "the log does not say how much it left out",
    )
}

/// Adds an ACPI table with a correct checksum to the machine.
pub(crate) fn add_table(machine: &mut Machine, name: &str, mut table: Vec<u8>) -> Outcome {
    const CHECKSUM: usize = 9;
    table[CHECKSUM] = 0;
    let sum = table.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    table[CHECKSUM] = sum.wrapping_neg();
    let file = crate::host::file(name, &table)?;
    machine.extra_arguments.push("-acpitable".into());
    machine.extra_arguments.push(argument_with_file("file=", &file));
    Ok(())
}

/// Makes an argument from a path.
pub(crate) fn argument_with_file(before: &str, file: &Path) -> std::ffi::OsString {
    let mut argument = std::ffi::OsString::from(before);
    argument.push(file);
    argument
}
