//! Where the kernel lies, its own file, and whether the file was loaded as it says.

use super::{
    super::{
        facts::Facts,
        kernel_image, page_tables,
        report::Report,
        requests::{EXECUTABLE_ADDRESS_REQUEST, EXECUTABLE_FILE_REQUEST},
    },
    identity,
    memory_map::{self, is_covered},
};
use limine::memmap::MEMMAP_EXECUTABLE_AND_MODULES;

/// Initialised memory; the value must come from the file.
static INITIALISED: core::sync::atomic::AtomicU64 = core::sync::atomic::AtomicU64::new(0x0123_4567_89ab_cdef);

/// Checks the two responses and the memory.
pub(crate) fn check(report: &mut Report, facts: &Facts) {
    report.section("executable");
    check_address(report, &facts.page_tables);
    report.equal(
        "data",
        0x0123_4567_89ab_cdef,
        INITIALISED.load(core::sync::atomic::Ordering::Relaxed),
    );
    report.holds("bss", kernel_image::UNTOUCHED.is_zero(), "zero bytes", "others");
    check_file(report, facts);
}

/// The address response against the linker and the page tables.
fn check_address(report: &mut Report, page_tables: &page_tables::PageTables) {
    let kernel = kernel_image::whole();
    let Some(response) = EXECUTABLE_ADDRESS_REQUEST.response() else {
        report.holds("address", false, "a response", "none");
        return;
    };
    report.equal("virtual_base", kernel.start, response.virtual_base);
    let mapped = page_tables
        .translate(kernel.start)
        .map_or(0, |page| page.physical_address);
    report.equal("physical_base", mapped, response.physical_base);
    let is_typed = is_covered(response.physical_base, kernel.end - kernel.start, |kind| {
        kind == MEMMAP_EXECUTABLE_AND_MODULES
    });
    report.holds("memory_kind", is_typed, "executable and modules", "another kind");
    report.info("physical_base_address", format_args!("{:#x}", response.physical_base));
}

/// The file response.
fn check_file(report: &mut Report, facts: &Facts) {
    let Some(response) = EXECUTABLE_FILE_REQUEST.response() else {
        report.holds("file", false, "a response", "none");
        return;
    };
    let file = response.executable_file();
    report.equal_text("file_path", "/kernel", file.path());
    report.equal_text("file_command_line", identity::command_line(), file.cmdline());
    report.fact("file_revision", file.revision);
    report.info("file_media_type", file.media_type);
    let address = file.data().as_ptr() as u64;
    let length_bytes = file.data().len() as u64;
    report.fact("file_size_bytes", length_bytes);
    let is_mapped = facts.page_tables.is_mapped(address, length_bytes);
    report.holds(
        "file_mapped",
        is_mapped,
        "mapped whole",
        format_args!("{address:#x} + {length_bytes:#x}"),
    );
    if !is_mapped {
        return;
    }
    let physical_address = address.wrapping_sub(facts.hhdm_offset);
    let is_kept = is_covered(physical_address, length_bytes, |kind| {
        kind != limine::memmap::MEMMAP_USABLE && memory_map::is_in_direct_map(kind)
    });
    report.holds(
        "file_memory",
        is_kept,
        "memory that is not for use",
        format_args!("{physical_address:#x}"),
    );
    report.holds(
        "file_magic",
        file.data().starts_with(b"\x7fELF"),
        "an ELF file",
        "another",
    );
    let difference = first_difference(file.data());
    report.holds(
        "file_is_what_was_loaded",
        difference.is_none(),
        "equal bytes",
        format_args!("{difference:x?}"),
    );
}

/// First address at which a segment that nobody writes differs from the file.
fn first_difference(file: &[u8]) -> Option<u64> {
    let number = |offset: usize, length: usize| -> Option<u64> {
        let bytes = file.get(offset..offset.checked_add(length)?)?;
        Some(bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    };
    let headers = number(32, 8)
        .and_then(|offset| usize::try_from(offset).ok())
        .unwrap_or(0);
    let count = number(56, 2).and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
    for segment in (0..count).map(|index| headers + index * 56) {
        let (Some(1), Some(flags)) = (number(segment, 4), number(segment + 4, 4)) else {
            continue;
        };
        if flags & 0b010 != 0 {
            continue;
        }
        let offset = usize::try_from(number(segment + 8, 8)?).ok()?;
        let virtual_address = number(segment + 16, 8)?;
        let length = usize::try_from(number(segment + 32, 8)?).ok()?;
        let Some(bytes) = file.get(offset..offset + length) else {
            return Some(virtual_address);
        };
        for (address, expected) in (virtual_address..).zip(bytes) {
            // SAFETY: the address lies in a read-only segment of this kernel, which is mapped while it runs.
            let found = unsafe { (address as *const u8).read_volatile() };
            if found != *expected {
                return Some(address);
            }
        }
    }
    None
}
