//! Order, alignment and disjointness of the memory map; and look-ups in it for the other checks.

use super::super::{facts::Facts, report::Report, requests::MEMORY_MAP_REQUEST};
use limine::memmap::{
    Entry, MEMMAP_ACPI_NVS, MEMMAP_ACPI_RECLAIMABLE, MEMMAP_BAD_MEMORY, MEMMAP_BOOTLOADER_RECLAIMABLE,
    MEMMAP_EXECUTABLE_AND_MODULES, MEMMAP_FRAMEBUFFER, MEMMAP_MAPPED_RESERVED, MEMMAP_RESERVED, MEMMAP_USABLE,
};

/// Every kind of memory of the protocol, and its name in the report.
pub(crate) const KINDS: [(u64, &str); 9] = [
    (MEMMAP_USABLE, "usable"),
    (MEMMAP_RESERVED, "reserved"),
    (MEMMAP_ACPI_RECLAIMABLE, "acpi_reclaimable"),
    (MEMMAP_ACPI_NVS, "acpi_nvs"),
    (MEMMAP_BAD_MEMORY, "bad"),
    (MEMMAP_BOOTLOADER_RECLAIMABLE, "bootloader_reclaimable"),
    (MEMMAP_EXECUTABLE_AND_MODULES, "executable_and_modules"),
    (MEMMAP_FRAMEBUFFER, "frame_buffer"),
    (MEMMAP_MAPPED_RESERVED, "mapped_reserved"),
];

/// The entries of the response.
pub(crate) fn entries() -> &'static [&'static Entry] {
    MEMORY_MAP_REQUEST.response().map_or(&[], |response| response.entries())
}

/// Whether the direct map has to hold memory of this kind.
pub(crate) fn is_in_direct_map(kind: u64) -> bool {
    kind != MEMMAP_RESERVED && kind != MEMMAP_BAD_MEMORY
}

/// Whether entries of the kinds that `accepts` names cover every byte from `start` on.
pub(crate) fn is_covered(start: u64, length_bytes: u64, accepts: impl Fn(u64) -> bool) -> bool {
    let Some(end) = start.checked_add(length_bytes) else {
        return false;
    };
    let mut address = start;
    while address < end {
        let holder = entries()
            .iter()
            .find(|entry| accepts(entry.type_) && entry.base <= address && address - entry.base < entry.length);
        let Some(entry) = holder else { return false };
        address = entry.base + entry.length;
    }
    true
}

/// Checks the map by itself.
pub(crate) fn check(report: &mut Report, _facts: &Facts) {
    report.section("memory_map");
    report.holds("not_empty", !entries().is_empty(), "entries", "none");
    report.info("entries", entries().len());
    for entry in entries() {
        report.info(
            "entry",
            format_args!("{:#012x} {:#012x} {}", entry.base, entry.length, entry.type_),
        );
    }
    for_every_entry(report, "known_kinds", |entry| {
        KINDS.iter().any(|(kind, _)| *kind == entry.type_)
    });
    for_every_entry(report, "no_empty_entry", |entry| entry.length != 0);
    for_every_entry(report, "no_wrapping_entry", |entry| {
        entry.base.checked_add(entry.length).is_some()
    });
    for_every_entry(report, "memory_is_page_aligned", |entry| {
        !is_memory_for_the_kernel(entry) || entry.base % 4096 == 0 && entry.length % 4096 == 0
    });
    for_every_pair(report, "sorted", |former, latter| former.base <= latter.base);
    for_every_pair(report, "memory_overlaps_nothing", |former, latter| {
        former.base + former.length <= latter.base
            || !is_memory_for_the_kernel(former) && !is_memory_for_the_kernel(latter)
    });
    for (kind, name) in KINDS {
        let bytes: u64 = entries()
            .iter()
            .filter(|entry| entry.type_ == kind)
            .map(|entry| entry.length)
            .sum();
        report.info(name, format_args!("{bytes:#x} bytes"));
    }
    let usable: u64 = entries()
        .iter()
        .filter(|entry| is_memory_for_the_kernel(entry))
        .map(|entry| entry.length)
        .sum();
    report.fact("memory_mib", usable.div_ceil(1 << 20));
}

/// Kinds whose alignment and disjointness the protocol promises.
fn is_memory_for_the_kernel(entry: &Entry) -> bool {
    matches!(entry.type_, MEMMAP_USABLE | MEMMAP_BOOTLOADER_RECLAIMABLE)
}

/// Reports the first entry that breaks a rule.
fn for_every_entry(report: &mut Report, field: &str, rule: impl Fn(&Entry) -> bool) {
    match entries().iter().find(|entry| !rule(entry)) {
        None => report.holds(field, true, "", ""),
        Some(entry) => report.holds(
            field,
            false,
            "the rule to hold for every entry",
            format_args!("{:#x} + {:#x}, kind {}", entry.base, entry.length, entry.type_),
        ),
    }
}

/// Reports the first two neighbours that break a rule.
fn for_every_pair(report: &mut Report, field: &str, rule: impl Fn(&Entry, &Entry) -> bool) {
    match entries().windows(2).find(|pair| !rule(pair[0], pair[1])) {
        None => report.holds(field, true, "", ""),
        Some(pair) => report.holds(
            field,
            false,
            "the rule to hold for neighbours",
            format_args!("{:#x} + {:#x} before {:#x}", pair[0].base, pair[0].length, pair[1].base),
        ),
    }
}
