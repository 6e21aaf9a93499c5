//! Physical memory where firmware may have put tables, for reading.
//!
//! What the boot loader's map calls firmware's is read, and what the boot loader itself left (firmware tells it where tables
//! are, and some lie in memory that it then calls reclaimable). Everything else is out of reach: a pointer that leads to the
//! kernel's own memory, to a program's, to device registers or to nowhere is none that is followed.

use crate::{
    boot::{hhdm_offset::OffsetMappedPhysAddr, memory_map::MemoryMap},
    memory::virtual_memory::MappedRegion,
};
use acpi_check::{AllegedAddress, OutOfReach, ReadMemory};
use memory_ranges::{BootMap, BootMemoryKind, PAGE_BYTES};
use x86_64::{PhysAddr, VirtAddr};

/// Where a BIOS keeps its root pointers, whether or not its map says that anything is there (ACPI specification, "Finding the
/// RSDP on IA-PC Systems").
const BIOS_START: u64 = 0xe_0000;

/// The first address behind it.
const BIOS_END: u64 = 0x10_0000;

/// The memory of a machine, by the boot loader's map.
pub(super) struct FirmwareMemory {
    /// The map.
    map: BootMap,
}

/// How a frame is reached.
enum Way {
    /// It is in the direct map.
    DirectMap,
    /// It has to be mapped for the occasion.
    Mapping,
}

impl FirmwareMemory {
    /// The memory that the map describes.
    pub(super) fn new(map: &MemoryMap) -> Self {
        Self {
            map: BootMap::from_claims(map.claims()),
        }
    }

    /// How the frame at an address is reached, if it is.
    fn way_to(&self, address: PhysAddr) -> Option<Way> {
        let mut ranges = self.map.iter();
        let kind = ranges.find(|(range, _)| range.start() <= address && address - range.start() < range.size_bytes());
        match kind.map(|(_, kind)| kind) {
            Some(
                BootMemoryKind::AcpiReclaimable
                | BootMemoryKind::AcpiNonVolatile
                | BootMemoryKind::ReservedMapped
                | BootMemoryKind::BootLoaderReclaimable,
            ) => Some(Way::DirectMap),
            Some(BootMemoryKind::Reserved) => Some(Way::Mapping),
            None if (BIOS_START..BIOS_END).contains(&address.as_u64()) => Some(Way::Mapping),
            _ => None,
        }
    }

    /// Reads within a frame.
    fn read_frame(&self, address: PhysAddr, bytes: &mut [u8]) -> Option<()> {
        match self.way_to(address)? {
            Way::DirectMap => copy(address.offset_mapped(), bytes),
            Way::Mapping => {
                // SAFETY: Nothing is written. What the map reserves may be registers, and some of those change when they are
                // read; but it is the firmware that says that a table of its own lies there.
                let (_region, start) = unsafe { MappedRegion::mmio(address, bytes.len() as u64) }.ok()?;
                copy(start, bytes);
            }
        }
        Some(())
    }
}

impl ReadMemory for FirmwareMemory {
    fn read(&self, address: AllegedAddress, bytes: &mut [u8]) -> Result<(), OutOfReach> {
        let out_of_reach = OutOfReach {
            address,
            length_bytes: bytes.len() as u64,
        };
        let mut next = address;
        let mut rest = bytes;
        while !rest.is_empty() {
            let start = next.possible().ok_or(out_of_reach)?;
            let left_in_frame = PAGE_BYTES - start.as_u64() % PAGE_BYTES;
            let length = rest.len().min(usize::try_from(left_in_frame).unwrap_or(rest.len()));
            let (piece, behind) = rest.split_at_mut(length);
            self.read_frame(start, piece).ok_or(out_of_reach)?;
            rest = behind;
            if !rest.is_empty() {
                next = next.checked_add(length as u64).ok_or(out_of_reach)?;
            }
        }
        Ok(())
    }
}

/// Copies bytes out of memory that may change at any time.
fn copy(start: VirtAddr, bytes: &mut [u8]) {
    for (offset, byte) in (0..).zip(bytes) {
        // SAFETY: The frame is mapped for reading, and any value is a byte.
        *byte = unsafe { (start + offset).as_ptr::<u8>().read_volatile() };
    }
}
