//! Tests the conformance kernel: gdb corrupts one value for each of many checks, and exactly these checks must fail.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use runner::{Debugger, Ending, FirmwareKind};

use crate::booted::Booted;
use crate::debugger::free_port;
use crate::host::{CONFORMANCE_KERNEL, contents_with_kernel, iso_with, machine};
use crate::limited_command::LimitedCommand;
use crate::scenario::{Deadline, Outcome, Scenario};

/// Checks that fail because of the gdb script, the command line or the module.
const SPOILT: [&str; 30] = [
    "ap1.r9",
    "bsp.cr8",
    "bsp.fs_base",
    "bsp.r13",
    "bsp.rbx",
    "bsp.return_slot",
    "bsp.rflags",
    "bsp_local_apic.task_priority",
    "executable.bss",
    "executable.file_is_what_was_loaded",
    "executable.memory_kind",
    "executable.physical_base",
    // The mode in the list is that of the frame buffer, whose pitch is corrupted.
    "frame_buffer.modes_list_the_one_set",
    "frame_buffer.pitch_holds_a_row",
    "frame_buffer.presence",
    "identity.date_at_boot",
    "identity.firmware_type_as_told",
    "memory_map.memory_is_page_aligned",
    "memory_map.memory_overlaps_nothing",
    "module0.pattern",
    "module0.string",
    "page_tables.hhdm_allows_everything",
    "page_tables.hhdm_memory_types",
    "page_tables.kernel_rodata",
    "page_tables.no_page_in_the_lower_half",
    "pic.master_masked",
    "processors.count_as_told",
    "processors.nothing_started_yet",
    "rsdp.checksum",
    "smbios.entry_32_checksum",
];

pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![Scenario::new(
        "conformance::every_corrupted_value_fails_its_check",
        30,
        corrupted_values_fail,
    )]
}

/// Boots with a wrong command line, and corrupts the other values with gdb.
fn corrupted_values_fail(deadline: Deadline) -> Outcome {
    let command_line = "conformance forbid=frame_buffer firmware=uefi cpus=5 module_string=other";
    let mut contents = contents_with_kernel(CONFORMANCE_KERNEL, command_line)?;
    crate::conformance::put_pattern_module(&mut contents)?;
    let mut machine = machine(FirmwareKind::Bios, &iso_with(contents, None)?)?;
    let port = free_port()?;
    machine.debugger = Some(Debugger { port });
    let mut booted = Booted::start(&machine, deadline)?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/boot/conformance_corrupted.gdb");
    let mut command = Command::new("gdb");
    command
        .args(["-nx", "-batch", CONFORMANCE_KERNEL, "-ex"])
        .arg(format!("target remote localhost:{port}"))
        .arg("-x")
        .arg(script);
    let mut gdb = LimitedCommand::start(&mut command, deadline)?;
    gdb.wait()?;
    if let Err(failure) = booted.expect_ending(&Ending::Failed) {
        let said = failure.message().unwrap_or_default().to_owned();
        return Err(gdb.failed(&said));
    }
    let text = booted.text();
    let failed: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("FAIL ")?.split(':').next())
        .collect();
    let expected = BTreeSet::from(SPOILT);
    let (missed, others) = (&expected - &failed, &failed - &expected);
    if missed.is_empty() && others.is_empty() {
        return Ok(());
    }
    let what = format!("checks that did not notice: {missed:?}; others that failed: {others:?}");
    Err(gdb.failed(&format!("{what}\n{text}")))
}
