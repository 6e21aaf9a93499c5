//! The boot loader's memory map, not validated: `memory_ranges` does that.

use super::limine_requests::MEMORY_MAP_REQUEST;
use alloc::boxed::Box;
use limine::memmap::{self, Entry};
use memory_ranges::{BootClaim, BootMemoryKind};

/// The boot loader's list of memory ranges of all kinds.
#[derive(Clone, Copy)]
pub struct MemoryMap {
    /// Sorted by base address, as the protocol promises.
    entries: &'static [&'static Entry],
}

impl MemoryMap {
    /// Returns the response, unless it is missing or empty.
    pub(super) fn from_boot_loader() -> Option<Self> {
        let entries = MEMORY_MAP_REQUEST.response()?.entries();
        (!entries.is_empty()).then_some(Self { entries })
    }

    /// Copies the map to the heap. The copy is never freed.
    pub(super) fn copy_out(self) -> Self {
        let copy = |entry: &&Entry| -> &'static Entry {
            Box::leak(Box::new(Entry {
                base: entry.base,
                length: entry.length,
                type_: entry.type_,
            }))
        };
        Self {
            entries: Box::leak(self.entries.iter().map(copy).collect()),
        }
    }

    pub fn ranges_count(&self) -> usize {
        self.entries.len()
    }

    pub fn usable_bytes(&self) -> u64 {
        let usable = self.entries.iter().filter(|entry| entry.type_ == memmap::MEMMAP_USABLE);
        usable.fold(0, |sum, entry| sum.saturating_add(entry.length))
    }

    /// Returns the ranges as untrusted claims, for the libraries that validate them.
    pub fn claims(&self) -> impl Iterator<Item = BootClaim> + Clone {
        self.entries.iter().map(|entry| BootClaim {
            base: entry.base,
            length_bytes: entry.length,
            kind: kind_of(entry.type_),
        })
    }

    /// Returns whether any of these bytes are RAM: a frame buffer cannot overlap those.
    pub fn overlaps_ram(&self, start: u64, length: u64) -> bool {
        const RAM: [u64; 4] = [
            memmap::MEMMAP_USABLE,
            memmap::MEMMAP_ACPI_RECLAIMABLE,
            memmap::MEMMAP_BOOTLOADER_RECLAIMABLE,
            memmap::MEMMAP_EXECUTABLE_AND_MODULES,
        ];
        let end = start.saturating_add(length);
        let overlaps = |entry: &&&Entry| entry.base < end && start < entry.base.saturating_add(entry.length);
        self.entries
            .iter()
            .filter(overlaps)
            .any(|entry| RAM.contains(&entry.type_))
    }
}

/// Converts a kind of memory. Unknown kinds count as reserved.
fn kind_of(kind: u64) -> BootMemoryKind {
    match kind {
        memmap::MEMMAP_USABLE => BootMemoryKind::Usable,
        memmap::MEMMAP_ACPI_RECLAIMABLE => BootMemoryKind::AcpiReclaimable,
        memmap::MEMMAP_ACPI_NVS => BootMemoryKind::AcpiNonVolatile,
        memmap::MEMMAP_BAD_MEMORY => BootMemoryKind::BadMemory,
        memmap::MEMMAP_BOOTLOADER_RECLAIMABLE => BootMemoryKind::BootLoaderReclaimable,
        memmap::MEMMAP_EXECUTABLE_AND_MODULES => BootMemoryKind::ExecutableAndModules,
        memmap::MEMMAP_FRAMEBUFFER => BootMemoryKind::FrameBuffer,
        memmap::MEMMAP_MAPPED_RESERVED => BootMemoryKind::ReservedMapped,
        _ => BootMemoryKind::Reserved,
    }
}
