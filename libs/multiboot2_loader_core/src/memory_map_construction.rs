//! Builds the memory map from the information of GRUB and the firmware.
//!
//! The order matters: a later step overrides an earlier one. The steps go from the firmware's map to the ranges that the loader knows
//! exactly.

use crate::address::{Extent, PAGE_SIZE_BYTES, PhysAddr};
use crate::boot_information::BootInformation;
use crate::firmware_memory_map::FirmwareMemoryMap;
use crate::memory_map::{MemoryMap, RangeKind, TooManyRanges};

/// The input for the map.
#[derive(Clone, Copy, Debug)]
pub struct Construction<'a> {
    /// Memory maps and modules from GRUB.
    pub boot_information: &'a BootInformation<'a>,
    /// Address range of the boot information itself.
    pub boot_information_extent: Extent,
    /// Address range of the loader.
    pub loader_image: Extent,
    /// Index of the module that is the kernel.
    pub kernel_module: usize,
    /// The screen, if it was accepted.
    pub frame_buffer: Option<Extent>,
    /// Tables of ACPI, SMBIOS and EFI that the kernel will read.
    pub firmware_tables: &'a [Extent],
}

/// The reason why there is no map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConstructionError {
    /// Neither tag 6 nor tag 17.
    #[error("GRUB gave no memory map")]
    NoMemoryMap,
    /// There is no usable memory.
    #[error("the memory map has no usable memory")]
    NoUsableMemory,
    /// The list is full.
    #[error(transparent)]
    TooManyRanges(#[from] TooManyRanges),
}

/// Fills the empty `map`.
///
/// # Errors
/// There is no memory map, no usable memory, or there are too many ranges.
pub fn construct(map: &mut MemoryMap, parts: &Construction<'_>) -> Result<(), ConstructionError> {
    let information = parts.boot_information;
    let firmware_maps = [information.memory_map, information.efi_memory_map];
    if firmware_maps.iter().all(Option::is_none) {
        return Err(ConstructionError::NoMemoryMap);
    }
    for firmware_map in firmware_maps.iter().flatten() {
        add_firmware_map(map, firmware_map)?;
    }
    if !information.is_efi() {
        // The BIOS keeps its interrupt vectors and its data area in page 0.
        map.set(Extent::new(PhysAddr::new(0), PAGE_SIZE_BYTES), RangeKind::Reserved)?;
    }
    map.trim();
    if !map.ranges().iter().any(|range| range.kind == RangeKind::Usable) {
        return Err(ConstructionError::NoUsableMemory);
    }
    map.set(parts.loader_image.pages(), RangeKind::BootloaderReclaimable)?;
    map.set(parts.boot_information_extent.pages(), RangeKind::BootloaderReclaimable)?;
    for (index, module) in information.modules.iter().enumerate() {
        // The kernel runs in a copy of its own; the file itself is only read through the executable-file response.
        let kind = if index == parts.kernel_module {
            RangeKind::BootloaderReclaimable
        } else {
            RangeKind::ExecutableAndModules
        };
        map.set(module.extent.pages(), kind)?;
    }
    if let Some(frame_buffer) = parts.frame_buffer {
        map.set(frame_buffer.pages(), RangeKind::FrameBuffer)?;
    }
    for &table in parts.firmware_tables {
        map.protect(table)?;
    }
    Ok(())
}

/// Adds a firmware's map. Free memory is added first, so that in an overlap the other kind wins.
fn add_firmware_map(map: &mut MemoryMap, firmware_map: &FirmwareMemoryMap<'_>) -> Result<(), TooManyRanges> {
    let is_free = |kind| matches!(kind, RangeKind::Usable | RangeKind::BootloaderReclaimable);
    let free = firmware_map.ranges().filter(|range| is_free(range.kind));
    let taken = firmware_map.ranges().filter(|range| !is_free(range.kind));
    for range in free.chain(taken) {
        map.set(Extent::new(PhysAddr::new(range.base), range.length_bytes), range.kind)?;
    }
    Ok(())
}
