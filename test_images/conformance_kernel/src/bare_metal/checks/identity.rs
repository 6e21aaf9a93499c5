//! Which boot loader, which revision, which firmware; and the responses without which nothing can be checked.

use super::super::{
    facts::Facts,
    report::{Report, fail_at_once},
    requests::{
        BASE_REVISION, BOOTLOADER_INFO_REQUEST, COMMAND_LINE_REQUEST, DATE_AT_BOOT_REQUEST, ENTRY_POINT_REQUEST,
        FIRMWARE_TYPE_REQUEST, HHDM_REQUEST, MEMORY_MAP_REQUEST, PAGING_MODE_REQUEST, STACK_SIZE_REQUEST,
        UNKNOWN_REQUEST,
    },
};
use limine::{
    firmware::{FIRMWARE_TYPE_EFI64, FIRMWARE_TYPE_X86BIOS},
    paging::PagingMode,
};

/// 2020-01-01 and 2100-01-01, in seconds since 1970.
const PLAUSIBLE_DATES: (u64, u64) = (1_577_836_800, 4_102_444_800);

/// Ends the run when the direct map or the memory map is missing; returns the direct map's offset.
pub(crate) fn check_required_responses(report: &mut Report) -> u64 {
    report.section("required");
    report.equal("base_revision", 6, BASE_REVISION.actual_revision().unwrap_or(0));
    report.holds(
        "base_revision_granted",
        BASE_REVISION.is_supported(),
        "granted",
        "refused",
    );
    if MEMORY_MAP_REQUEST.response().is_none() {
        fail_at_once(format_args!("required.memory_map: expected a response, found none"));
    }
    let Some(response) = HHDM_REQUEST.response() else {
        fail_at_once(format_args!("required.hhdm: expected a response, found none"));
    };
    report.equal("hhdm_alignment", 0, response.offset & 0x3fff_ffff);
    report.holds(
        "hhdm_in_higher_half",
        response.offset >> 47 == 0x1_ffff,
        "yes",
        format_args!("{:#x}", response.offset),
    );
    report.fact("hhdm_offset", format_args!("{:#x}", response.offset));
    response.offset
}

/// The kernel's command line, empty when there was no response.
pub(crate) fn command_line() -> &'static str {
    COMMAND_LINE_REQUEST
        .response()
        .map_or("", |response| response.cmdline())
}

/// Checks the responses that hold one value.
pub(crate) fn check(report: &mut Report, facts: &Facts) {
    report.section("identity");
    let loader = BOOTLOADER_INFO_REQUEST.response();
    report.holds(
        "bootloader_info",
        loader.is_some_and(|loader| !loader.name().is_empty()),
        "a name",
        "none",
    );
    if let Some(loader) = loader {
        report.info("bootloader_name", loader.name());
        report.info("bootloader_version", loader.version());
    }
    report.holds(
        "command_line",
        COMMAND_LINE_REQUEST.response().is_some(),
        "a response",
        "none",
    );
    report.fact("command_line_text", format_args!("{:?}", command_line()));
    // Reaching this line says that the entry point of the request was taken: the other one ends the run.
    report.holds(
        "entry_point",
        ENTRY_POINT_REQUEST.response().is_some(),
        "a response",
        "none",
    );
    report.holds(
        "stack_size",
        STACK_SIZE_REQUEST.response().is_some(),
        "a response",
        "none",
    );
    report.holds(
        "unknown_request",
        UNKNOWN_REQUEST.response().is_none(),
        "no response",
        "one",
    );
    let mode = PAGING_MODE_REQUEST.response().map(|response| response.mode);
    report.holds(
        "paging_mode",
        mode == Some(PagingMode::X86_64_4LVL),
        "four levels",
        format_args!("{mode:?}"),
    );
    check_firmware_type(report, facts);
    check_date(report, facts);
}

/// The type, against the command line where that names it.
fn check_firmware_type(report: &mut Report, facts: &Facts) {
    let firmware_type = FIRMWARE_TYPE_REQUEST.response().map(|response| response.firmware_type);
    let is_known = matches!(firmware_type, Some(FIRMWARE_TYPE_X86BIOS | FIRMWARE_TYPE_EFI64));
    report.holds(
        "firmware_type",
        is_known,
        "BIOS or 64-bit UEFI",
        format_args!("{firmware_type:?}"),
    );
    let expected = match facts.expectations.value("firmware") {
        Some("bios") => FIRMWARE_TYPE_X86BIOS,
        Some("uefi") => FIRMWARE_TYPE_EFI64,
        _ => return,
    };
    report.equal("firmware_type_as_told", expected, firmware_type.unwrap_or(u64::MAX));
}

/// The date, within what the command line allows or within reason.
fn check_date(report: &mut Report, facts: &Facts) {
    let (from, to) = facts.expectations.range("date_between").unwrap_or(PLAUSIBLE_DATES);
    let seconds = DATE_AT_BOOT_REQUEST.response().map(|response| response.timestamp);
    let is_within = seconds.is_some_and(|seconds| u64::try_from(seconds).is_ok_and(|date| (from..to).contains(&date)));
    report.holds(
        "date_at_boot",
        is_within,
        format_args!("{from} to {to}"),
        format_args!("{seconds:?}"),
    );
    report.info("date_at_boot_seconds", seconds.unwrap_or(0));
}
