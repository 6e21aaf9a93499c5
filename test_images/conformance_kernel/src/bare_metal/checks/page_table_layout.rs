//! What the page tables map: the direct map with the right kinds of memory, the kernel with its segments' rights, and
//! nothing else.

use super::{
    super::{facts::Facts, kernel_image, kernel_image::Segment, page_tables::Mapping, report::Report},
    memory_map::{self, KINDS, is_in_direct_map},
    processor_state::has_no_execute,
};
use limine::memmap::MEMMAP_FRAMEBUFFER;

/// The direct map ends where the top 2 GiB of the kernel begin.
const DIRECT_MAP_END: u64 = 0xffff_ffff_8000_0000;
/// Start of the higher half.
const HIGHER_HALF: u64 = 0xffff_8000_0000_0000;
/// Index of write-combining in the PAT that the boot loader sets.
const WRITE_COMBINING: u8 = 5;

/// First page that breaks a rule.
#[derive(Default)]
struct Violation(Option<Mapping>);

impl Violation {
    /// Remembers `page` when it is the first one for which `rule` does not hold.
    fn unless(&mut self, rule: bool, page: &Mapping) {
        if !rule && self.0.is_none() {
            self.0 = Some(*page);
        }
    }

    /// Turns the memory into a check.
    fn report(&self, report: &mut Report, field: &str) {
        match &self.0 {
            None => report.holds(field, true, "", ""),
            Some(page) => report.holds(
                field,
                false,
                "no such page",
                format_args!(
                    "{:#x} -> {:#x}, {:#x} bytes, writable {}, executable {}, user {}, global {}, type {}",
                    page.virtual_address,
                    page.physical_address,
                    page.size_bytes,
                    page.writable,
                    page.executable,
                    page.user,
                    page.global,
                    page.memory_type_index
                ),
            ),
        }
    }
}

/// Rules that every page has to keep.
#[derive(Default)]
struct Rules {
    /// No page in the lower half: no identity map, nothing at address 0.
    lower_half: Violation,
    /// No page for user mode.
    supervisor: Violation,
    /// No global page.
    not_global: Violation,
    /// The direct map adds its offset and nothing else.
    direct_address: Violation,
    /// Its pages may be read, written and executed.
    direct_rights: Violation,
    /// Its pages are write-back, except the frame buffer's.
    direct_memory_type: Violation,
    /// It holds nothing but the kinds of memory that belong there.
    direct_kinds: Violation,
    /// Nothing else is mapped but the kernel.
    elsewhere: Violation,
}

/// Checks all pages, then what has to be mapped.
pub(crate) fn check(report: &mut Report, facts: &Facts) {
    report.section("page_tables");
    check_every_page(report, facts);
    check_direct_map(report, facts);
    for segment in kernel_image::segments() {
        check_segment(report, facts, &segment);
    }
}

/// One pass over everything that is mapped.
fn check_every_page(report: &mut Report, facts: &Facts) {
    let kernel = kernel_image::whole();
    let mut rules = Rules::default();
    let mut page_count = [0_u64; 3];
    facts.page_tables.visit(&mut |page| {
        page_count[match page.size_bytes {
            0x1000 => 0,
            0x20_0000 => 1,
            _ => 2,
        }] += 1;
        rules.supervisor.unless(!page.user, page);
        rules.not_global.unless(!page.global, page);
        if page.virtual_address < HIGHER_HALF {
            rules.lower_half.unless(false, page);
        } else if (facts.hhdm_offset..DIRECT_MAP_END).contains(&page.virtual_address) {
            check_direct_page(&mut rules, facts, page);
        } else {
            rules.elsewhere.unless(
                kernel.start <= page.virtual_address && page.virtual_end() <= kernel.end,
                page,
            );
        }
    });
    rules.lower_half.report(report, "no_page_in_the_lower_half");
    rules.supervisor.report(report, "no_page_for_user_mode");
    rules.not_global.report(report, "no_global_page");
    rules.direct_address.report(report, "hhdm_adds_its_offset");
    rules.direct_rights.report(report, "hhdm_allows_everything");
    rules.direct_memory_type.report(report, "hhdm_memory_types");
    rules.direct_kinds.report(report, "hhdm_holds_listed_memory_only");
    rules.elsewhere.report(report, "nothing_but_hhdm_and_kernel");
    for (field, count) in ["pages_of_4_kib", "pages_of_2_mib", "pages_of_1_gib"]
        .into_iter()
        .zip(page_count)
    {
        report.info(field, count);
    }
}

/// Rules for one page of the direct map.
fn check_direct_page(rules: &mut Rules, facts: &Facts, page: &Mapping) {
    rules
        .direct_address
        .unless(page.virtual_address - facts.hhdm_offset == page.physical_address, page);
    rules.direct_rights.unless(page.writable && page.executable, page);
    let touches_frame_buffer = memory_map::entries().iter().any(|entry| {
        entry.type_ == MEMMAP_FRAMEBUFFER
            && entry.base < page.physical_end()
            && page.physical_address < entry.base + entry.length
    });
    let expected_type = if touches_frame_buffer { WRITE_COMBINING } else { 0 };
    rules
        .direct_memory_type
        .unless(page.memory_type_index == expected_type, page);
    rules.direct_kinds.unless(is_listed(page), page);
}

/// Whether every frame of a page holds a byte of a kind that belongs into the direct map: entries for ACPI tables
/// need not be aligned.
fn is_listed(page: &Mapping) -> bool {
    let mut frame = page.physical_address;
    while frame < page.physical_end() {
        let holder = memory_map::entries().iter().find(|entry| {
            is_in_direct_map(entry.type_) && entry.base < frame + 4096 && frame < entry.base + entry.length
        });
        let Some(entry) = holder else { return false };
        frame = (entry.base + entry.length).next_multiple_of(4096);
    }
    true
}

/// Every entry of the memory map that has to be in the direct map.
fn check_direct_map(report: &mut Report, facts: &Facts) {
    for (kind, name) in KINDS {
        if !is_in_direct_map(kind) {
            continue;
        }
        let missing = memory_map::entries().iter().find(|entry| {
            entry.type_ == kind
                && !facts
                    .page_tables
                    .is_mapped(facts.hhdm_offset + entry.base, entry.length)
        });
        report.holds(
            kind_field(name),
            missing.is_none(),
            "mapped whole",
            format_args!("a hole in {:#x}", missing.map_or(0, |entry| entry.base)),
        );
    }
}

/// Name of the check for a kind of memory.
fn kind_field(kind: &str) -> &'static str {
    match kind {
        "usable" => "hhdm_holds_usable",
        "acpi_reclaimable" => "hhdm_holds_acpi_reclaimable",
        "acpi_nvs" => "hhdm_holds_acpi_nvs",
        "bootloader_reclaimable" => "hhdm_holds_bootloader_reclaimable",
        "executable_and_modules" => "hhdm_holds_executable_and_modules",
        "frame_buffer" => "hhdm_holds_frame_buffer",
        _ => "hhdm_holds_mapped_reserved",
    }
}

/// Address and rights of a segment's pages.
fn check_segment(report: &mut Report, facts: &Facts, segment: &Segment) {
    // Taken from the tables too: whether the response agrees with them is `executable`'s check.
    let kernel_start = kernel_image::whole().start;
    let physical_base = facts
        .page_tables
        .translate(kernel_start)
        .map_or(0, |page| page.physical_address);
    let executable = segment.executable || !has_no_execute();
    let mut address = segment.range.start;
    let mut wrong = None;
    while address < segment.range.end && wrong.is_none() {
        let Some(page) = facts.page_tables.translate(address) else {
            wrong = Some((address, "not mapped"));
            break;
        };
        let expected = physical_base + (page.virtual_address - kernel_start);
        wrong = match () {
            () if page.physical_address != expected => Some((address, "mapped elsewhere")),
            () if page.writable != segment.writable => Some((address, "other write permission")),
            () if page.executable != executable => Some((address, "other execute permission")),
            () if page.memory_type_index != 0 => Some((address, "not write-back")),
            () => None,
        };
        address = page.virtual_end();
    }
    let field = match segment.name {
        "text" => "kernel_text",
        "rodata" => "kernel_rodata",
        _ => "kernel_data",
    };
    let (address, what) = wrong.unwrap_or((0, ""));
    report.holds(
        field,
        wrong.is_none(),
        "the segment's rights",
        format_args!("{what} at {address:#x}"),
    );
}
