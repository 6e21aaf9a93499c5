//! The module beside the kernel: its names, its place and its bytes.
//!
//! The tests put a file there that describes itself: eight bytes of magic, its size in eight bytes, then a byte
//! pattern. A module without the magic is a program, of which only the place is checked.

use super::{
    super::{facts::Facts, report::Report, requests::MODULE_REQUEST},
    memory_map::is_covered,
};
use limine::memmap::MEMMAP_EXECUTABLE_AND_MODULES;

/// First bytes of a file with the known pattern.
const MAGIC: &[u8] = b"PATTERN\n";

/// The byte that the pattern has at an offset.
fn pattern(offset: usize) -> u8 {
    ((offset * 31) ^ (offset >> 8)).to_le_bytes()[0]
}

/// Checks every module.
pub(crate) fn check(report: &mut Report, facts: &Facts) {
    report.section("modules");
    let Some(response) = MODULE_REQUEST.response() else {
        facts.expectations.report_presence(report, "modules", false);
        return;
    };
    facts.expectations.report_presence(report, "modules", true);
    report.fact("count", response.modules().len());
    for (index, file) in response.modules().iter().enumerate() {
        report.numbered_section("module", index);
        if index == 0 {
            report.equal_text("path", "/user_mode_program_0", file.path());
            report.equal_text(
                "string",
                facts.expectations.value("module_string").unwrap_or(""),
                file.cmdline(),
            );
        }
        report.fact("revision", file.revision);
        report.info("media_type", file.media_type);
        let address = file.data().as_ptr() as u64;
        let length_bytes = file.data().len() as u64;
        report.fact("size_bytes", length_bytes);
        report.equal("alignment", 0, address & 0xfff);
        let is_typed = is_covered(address.wrapping_sub(facts.hhdm_offset), length_bytes, |kind| {
            kind == MEMMAP_EXECUTABLE_AND_MODULES
        });
        report.holds(
            "memory_kind",
            is_typed,
            "executable and modules",
            format_args!("{address:#x}"),
        );
        if is_typed && facts.page_tables.is_mapped(address, length_bytes) {
            check_pattern(report, file.data());
        }
    }
}

/// Every byte of a file that describes itself.
fn check_pattern(report: &mut Report, data: &[u8]) {
    if !data.starts_with(MAGIC) {
        report.info("pattern", "absent");
        return;
    }
    let size = data
        .get(8..16)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u64::from_le_bytes);
    report.equal("size_as_written", size, data.len() as u64);
    let wrong = data
        .iter()
        .enumerate()
        .skip(16)
        .find(|(offset, byte)| **byte != pattern(*offset));
    report.holds(
        "pattern",
        wrong.is_none(),
        "the known bytes",
        format_args!("{wrong:x?} (offset, byte)"),
    );
}
