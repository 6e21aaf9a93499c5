//! The kernel's own page tables, built from nothing.
//!
//! What is mapped: the kernel's image with the permissions of its linker script; all RAM in the direct map, never
//! executable, and read-only where the kernel's code and constants lie; the frame buffer, write-combining. Nothing of
//! the boot loader's tables is copied.

use super::kernel_table::{FramesInDirectMap, KernelTable};
use crate::boot::{boot_info::BootInfo, hhdm_offset::OffsetMappedPhysAddr};
use ez_paging::{ConfigurableFlags, MapRangeError, OutOfFrames, PagingConfig, PagingFeatures, PatMemoryType};
use memory_ranges::{BootMap, BootMemoryKind, PhysRange, RangeError};
use x86_64::{PhysAddr, VirtAddr};

/// Why there are no page tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreatePageTablesError {
    /// There is not enough memory.
    OutOfFrames,
    /// A range cannot be mapped.
    Map(MapRangeError),
}

/// Data that no instruction is fetched from.
pub const READ_WRITE: ConfigurableFlags = ConfigurableFlags {
    writable: true,
    executable: false,
    pat_memory_type: PatMemoryType::WriteBack,
};

/// Constants.
pub const READ_ONLY: ConfigurableFlags = ConfigurableFlags {
    writable: false,
    ..READ_WRITE
};

/// Code.
pub const READ_EXECUTE: ConfigurableFlags = ConfigurableFlags {
    executable: true,
    ..READ_ONLY
};

/// A device's registers.
pub(super) const REGISTERS: ConfigurableFlags = ConfigurableFlags {
    pat_memory_type: PatMemoryType::StrongUncacheable,
    ..READ_WRITE
};

/// Pixels.
const PIXELS: ConfigurableFlags = ConfigurableFlags {
    pat_memory_type: PatMemoryType::WriteCombining,
    ..READ_WRITE
};

unsafe extern "C" {
    /// Where the code begins (`linker-x86_64.ld`; so for the others).
    static kernel_text_start: u8;
    /// Where the constants begin, and the code ends.
    static kernel_rodata_start: u8;
    /// Where the data begins, and the constants end.
    static kernel_data_start: u8;
    /// Where the data ends.
    static kernel_end: u8;
}

/// The three parts of the kernel's image, by their first addresses and those behind their last.
fn segments() -> [(u64, u64, ConfigurableFlags); 3] {
    let [text, rodata, data, end] = [
        &raw const kernel_text_start,
        &raw const kernel_rodata_start,
        &raw const kernel_data_start,
        &raw const kernel_end,
    ]
    .map(|symbol| symbol.addr() as u64);
    [
        (text, rodata, READ_EXECUTE),
        (rodata, data, READ_ONLY),
        (data, end, READ_WRITE),
    ]
}

/// Where the kernel's image lies in physical memory.
pub(super) fn image(boot_info: &BootInfo) -> Result<PhysRange, RangeError<PhysAddr>> {
    let (physical_start, virtual_start) = boot_info.executable_address;
    let [start, end] = [&raw const kernel_text_start, &raw const kernel_end].map(|symbol| symbol.addr() as u64);
    let offset_in_image = start.saturating_sub(virtual_start.as_u64());
    PhysRange::new(physical_start + offset_in_image, end - start)
}

/// Builds the tables.
pub(super) fn create(
    boot_info: &BootInfo,
    map: &BootMap,
    features: PagingFeatures,
) -> Result<KernelTable, CreatePageTablesError> {
    let mut table = KernelTable::new_kernel(PagingConfig::new_kernel(FramesInDirectMap, features))?;
    let (physical_start, virtual_start) = boot_info.executable_address;
    let offset = virtual_start.as_u64().wrapping_sub(physical_start.as_u64());
    let mut read_only = None;
    for (start, end, flags) in segments() {
        let physical = PhysAddr::new_truncate(start.wrapping_sub(offset));
        map_range(&mut table, VirtAddr::new_truncate(start), physical, end - start, flags)?;
        if !flags.writable {
            let first = read_only.map_or(physical, |(first, _)| first);
            read_only = Some((first, physical + (end - start)));
        }
    }
    for (range, kind) in map.iter() {
        map_physical_range(&mut table, range, kind, read_only)?;
    }
    Ok(table)
}

/// Maps a range of the boot loader's map where the direct map has it, if it is of a kind that belongs there.
fn map_physical_range(
    table: &mut KernelTable,
    range: PhysRange,
    kind: BootMemoryKind,
    read_only: Option<(PhysAddr, PhysAddr)>,
) -> Result<(), CreatePageTablesError> {
    let flags = match kind {
        BootMemoryKind::Usable | BootMemoryKind::BootLoaderReclaimable | BootMemoryKind::ExecutableAndModules => {
            READ_WRITE
        }
        BootMemoryKind::AcpiReclaimable | BootMemoryKind::AcpiNonVolatile | BootMemoryKind::ReservedMapped => READ_ONLY,
        BootMemoryKind::FrameBuffer => PIXELS,
        BootMemoryKind::Reserved | BootMemoryKind::BadMemory => return Ok(()),
    };
    let (start, end) = (range.start(), range.start() + range.size_bytes());
    let (read_only_start, read_only_end) = read_only.unwrap_or((end, end));
    // Before, in and behind the kernel's code and constants.
    let (first_cut, second_cut) = (read_only_start.clamp(start, end), read_only_end.clamp(start, end));
    for (start, end, flags) in [
        (start, first_cut, flags),
        (first_cut, second_cut, READ_ONLY),
        (second_cut, end, flags),
    ] {
        map_range(table, start.offset_mapped(), start, end - start, flags)?;
    }
    Ok(())
}

/// Maps a range of a table that no processor uses yet.
fn map_range(
    table: &mut KernelTable,
    start: VirtAddr,
    physical_start: PhysAddr,
    length_bytes: u64,
    flags: ConfigurableFlags,
) -> Result<(), CreatePageTablesError> {
    // SAFETY: Nothing is reached through the table before it is switched to, and it maps memory as it is used: the image
    // by its segments, RAM as data. No processor knows the table, so there is nothing to flush.
    let flush = unsafe { table.map_range(start, physical_start, length_bytes, flags) };
    flush.map_err(CreatePageTablesError::Map)?.ignore();
    Ok(())
}

impl From<OutOfFrames> for CreatePageTablesError {
    fn from(_: OutOfFrames) -> Self {
        Self::OutOfFrames
    }
}
