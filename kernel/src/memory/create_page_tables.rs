//! Builds the kernel's own page tables. Nothing of the boot loader's tables is copied.
//!
//! They map the kernel's image with the permissions of its linker script; all RAM in the direct map, never executable, and
//! read-only where the kernel's code and constants lie; the frame buffer, write-combining.

use super::page_tables::{FramesInDirectMap, PIXELS, PageTables, READ_EXECUTE, READ_ONLY, READ_WRITE};
use crate::boot::{boot_info::BootInfo, hhdm_offset::OffsetMappedPhysAddr};
use core::ops::Range;
use ez_paging::{ConfigurableFlags, MapRangeError, PagingConfig, PagingFeatures};
use memory_ranges::{BootMap, BootMemoryKind, PhysRange, RangeError};
use x86_64::{PhysAddr, VirtAddr};

// From `linker-x86_64.ld`.
unsafe extern "C" {
    static kernel_text_start: u8;
    static kernel_rodata_start: u8;
    static kernel_data_start: u8;
    static kernel_end: u8;
}

struct Segment {
    addresses: Range<u64>,
    flags: ConfigurableFlags,
}

fn segments() -> [Segment; 3] {
    let [text, rodata, data, end] = [
        &raw const kernel_text_start,
        &raw const kernel_rodata_start,
        &raw const kernel_data_start,
        &raw const kernel_end,
    ]
    .map(|symbol| symbol.addr() as u64);
    [
        (text..rodata, READ_EXECUTE),
        (rodata..data, READ_ONLY),
        (data..end, READ_WRITE),
    ]
    .map(|(addresses, flags)| Segment { addresses, flags })
}

pub(super) fn image(boot_info: &BootInfo) -> Result<PhysRange, RangeError<PhysAddr>> {
    let (physical_start, virtual_start) = boot_info.executable_address;
    let [start, end] = [&raw const kernel_text_start, &raw const kernel_end].map(|symbol| symbol.addr() as u64);
    let offset_in_image = start.saturating_sub(virtual_start.as_u64());
    PhysRange::new(physical_start + offset_in_image, end - start)
}

pub(super) fn create(
    boot_info: &BootInfo,
    map: &BootMap,
    features: PagingFeatures,
) -> Result<PageTables, MapRangeError> {
    let mut table = PageTables::new_kernel(PagingConfig::new_kernel(FramesInDirectMap, features))?;
    let (physical_start, virtual_start) = boot_info.executable_address;
    let offset = virtual_start.as_u64().wrapping_sub(physical_start.as_u64());
    let segments = segments();
    for Segment { addresses, flags } in &segments {
        let start = VirtAddr::new_truncate(addresses.start);
        let physical = PhysAddr::new_truncate(addresses.start.wrapping_sub(offset));
        map_range(&mut table, start, physical, addresses.end - addresses.start, *flags)?;
    }
    let [code, constants, _] = &segments;
    let read_only = [code.addresses.start, constants.addresses.end].map(|address| address.wrapping_sub(offset));
    for (range, kind) in map.iter() {
        map_physical_range(&mut table, range, kind, read_only)?;
    }
    Ok(table)
}

/// Maps a range of the boot loader's memory map in the direct map, if its kind belongs there. `read_only` is the first
/// physical address of the kernel's code and the one after its constants: this part is never writable.
fn map_physical_range(
    table: &mut PageTables,
    range: PhysRange,
    kind: BootMemoryKind,
    read_only: [u64; 2],
) -> Result<(), MapRangeError> {
    let flags = match kind {
        BootMemoryKind::Usable | BootMemoryKind::BootLoaderReclaimable | BootMemoryKind::ExecutableAndModules => {
            READ_WRITE
        }
        BootMemoryKind::AcpiReclaimable | BootMemoryKind::AcpiNonVolatile | BootMemoryKind::ReservedMapped => READ_ONLY,
        BootMemoryKind::FrameBuffer => PIXELS,
        BootMemoryKind::Reserved | BootMemoryKind::BadMemory => return Ok(()),
    };
    let start = range.start().as_u64();
    let end = start + range.size_bytes();
    let [first_cut, second_cut] = read_only.map(|address| address.clamp(start, end));
    for (start, end, flags) in [
        (start, first_cut, flags),
        (first_cut, second_cut, READ_ONLY),
        (second_cut, end, flags),
    ] {
        let physical = PhysAddr::new_truncate(start);
        map_range(table, physical.offset_mapped(), physical, end - start, flags)?;
    }
    Ok(())
}

/// Maps a range in a table that no processor uses yet.
fn map_range(
    table: &mut PageTables,
    start: VirtAddr,
    physical_start: PhysAddr,
    length_bytes: u64,
    flags: ConfigurableFlags,
) -> Result<(), MapRangeError> {
    // SAFETY: No processor uses the table before `switch_to`, so there is nothing to flush. The table maps memory as it is
    // used: the image by its segments, RAM as data.
    unsafe { table.map_range(start, physical_start, length_bytes, flags) }?.ignore();
    Ok(())
}
