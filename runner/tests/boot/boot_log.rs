//! The log of a boot with an empty command line: few lines, no table, and a summary as the last line.

use crate::booted::Booted;
use crate::host::{FIRMWARES, boot_limit_s, firmware_name, machine, shipped_iso};
use crate::log_lines::{LogLine, foreign_lines};
use crate::scenario::{Deadline, Outcome, Scenario};
use runner::FirmwareKind;

/// Maximum number of lines of a boot on four processors, including the first program's lines.
const MOST_LINES: usize = 25;

/// Memory of the machine in MiB.
const MEMORY_MIB: u32 = 256;

pub(crate) fn scenarios() -> Vec<Scenario> {
    let scenario = |kind| {
        let name = format!("boot_log::is_short_and_sums_up_on_{}", firmware_name(kind));
        Scenario::new(name, boot_limit_s(kind), move |deadline| {
            is_short_and_sums_up(kind, deadline)
        })
    };
    FIRMWARES.map(scenario).into()
}

/// Boots the shipped ISO on four processors and checks the log.
fn is_short_and_sums_up(kind: FirmwareKind, deadline: Deadline) -> Outcome {
    let mut machine = machine(kind, &shipped_iso()?)?;
    machine.memory_mib = MEMORY_MIB;
    let mut booted = Booted::start(&machine, deadline)?;
    booted.expect("All 4 processors are up and idle")?;
    // The line arrives in pieces, and no other line may follow.
    std::thread::sleep(std::time::Duration::from_secs(1));
    let lines = booted.log_lines();
    let foreign = foreign_lines(&booted.serial());
    let count = lines.len() + foreign.len();
    booted.check(count <= MOST_LINES, &format!("{count} lines, not {MOST_LINES} at most"))?;
    booted.check(foreign.is_empty(), &format!("lines from other sources: {foreign:?}"))?;
    let other_level = lines.iter().find(|line| line.level != "INFO");
    booted.check(other_level.is_none(), &format!("not information: {other_level:?}"))?;
    let row = lines.windows(2).find(|pair| are_rows_of_a_table(&pair[0], &pair[1]));
    booted.check(row.is_none(), &format!("rows of a table: {row:?}"))?;
    let last = lines.last().map(|line| line.message.as_str()).unwrap_or_default();
    check_summary(last, kind).map_err(|problem| booted.failed(&format!("{problem}: {last:?}")))
}

/// Returns whether two lines start alike. Each processor logs a greeting, and the program may log anything.
fn are_rows_of_a_table(line: &LogLine, next: &LogLine) -> bool {
    let first_word = |line: &LogLine| line.message.split(' ').next().unwrap_or_default().to_owned();
    let word = first_word(line);
    word == first_word(next) && word != "Hello" && word != "user_mode_program_0:"
}

/// Checks the last line: `All 4 processors are up and idle 0.321 s after the kernel was entered, with 12 MiB of memory
/// used and 230 MiB free, booted by NAME VERSION on BIOS`.
fn check_summary(line: &str, kind: FirmwareKind) -> Result<(), String> {
    let number_before = |words: &str| -> Result<f64, String> {
        let (before, _) = line.split_once(words).ok_or(format!("no {words:?}"))?;
        let number = before.rsplit(' ').next().unwrap_or_default();
        number.parse().map_err(|_| format!("no number before {words:?}"))
    };
    let seconds = number_before(" s after the kernel was entered, with ")?;
    if !(0.001..60.0).contains(&seconds) {
        return Err(format!("{seconds} seconds"));
    }
    let [used, free] = [
        number_before(" MiB of memory used and ")?,
        number_before(" MiB free, booted by ")?,
    ];
    let (total, all) = (used + free, f64::from(MEMORY_MIB));
    // Firmware and the boot loader's map reserve some memory.
    if used < 1.0 || free < all / 2.0 || !(all * 0.8..=all + 1.0).contains(&total) {
        return Err(format!("{used} MiB used and {free} MiB free of {all} MiB"));
    }
    let firmware = match kind {
        FirmwareKind::Bios => " on BIOS",
        FirmwareKind::Uefi => " on UEFI",
    };
    let (_, by) = line.split_once(" booted by ").unwrap_or_default();
    match by.strip_suffix(firmware) {
        Some(loader) if !loader.is_empty() => Ok(()),
        _ => Err(format!("no boot loader and{firmware} at the end")),
    }
}
