//! Reads physical memory where firmware may have put tables.
//!
//! Firmware tables lie in memory that the boot loader's map calls ACPI or reserved, or in bootloader-reclaimable memory.
//! Everything else is refused: a pointer to the memory of the kernel or of a program, to device registers or to nothing is not
//! followed.

use crate::{
    boot::{hhdm_offset::OffsetMappedPhysAddr, memory_map::MemoryMap},
    memory::mapped_region::MappedRegion,
};
use acpi_check::{AllegedAddress, OutOfReach, ReadMemory};
use core::cell::RefCell;
use memory_ranges::{BootMap, BootMemoryKind, PAGE_BYTES};
use x86_64::{PhysAddr, VirtAddr};

/// Bytes that are copied at once.
const WORD_BYTES: u64 = 8;

/// Start of the memory where a BIOS keeps its root pointers, whether or not the map has it (ACPI specification, "Finding the RSDP
/// on IA-PC Systems").
const BIOS_START: u64 = 0xe_0000;

const BIOS_END: u64 = 0x10_0000;

/// The memory of a machine, by the boot loader's map.
pub(super) struct FirmwareMemory {
    map: BootMap,
    /// The last frame that had to be mapped: the next piece of a table is mostly in the same one.
    mapped: RefCell<Option<MappedFrame>>,
}

struct MappedFrame {
    frame: PhysAddr,
    start: VirtAddr,
    _region: MappedRegion,
}

enum Access {
    DirectMap,
    Mapping,
}

impl FirmwareMemory {
    pub(super) fn new(map: &MemoryMap) -> Self {
        Self {
            map: BootMap::from_claims(map.claims()),
            mapped: RefCell::new(None),
        }
    }

    /// How the frame of an address is reached; `None` if it must not be read.
    fn access_to(&self, address: PhysAddr) -> Option<Access> {
        let mut ranges = self.map.iter();
        let kind = ranges.find(|(range, _)| range.start() <= address && address - range.start() < range.size_bytes());
        match kind.map(|(_, kind)| kind) {
            Some(
                BootMemoryKind::AcpiReclaimable
                | BootMemoryKind::AcpiNonVolatile
                | BootMemoryKind::ReservedMapped
                | BootMemoryKind::BootLoaderReclaimable,
            ) => Some(Access::DirectMap),
            Some(BootMemoryKind::Reserved) => Some(Access::Mapping),
            None if (BIOS_START..BIOS_END).contains(&address.as_u64()) => Some(Access::Mapping),
            _ => None,
        }
    }

    fn read_frame(&self, address: PhysAddr, bytes: &mut [u8]) -> Option<()> {
        match self.access_to(address)? {
            Access::DirectMap => copy(address.offset_mapped(), bytes),
            Access::Mapping => {
                let frame = address.align_down(PAGE_BYTES);
                let mut mapped = self.mapped.borrow_mut();
                if mapped.as_ref().is_none_or(|mapped| mapped.frame != frame) {
                    *mapped = Some(MappedFrame::map(frame)?);
                }
                copy(mapped.as_ref()?.start + (address - frame), bytes);
            }
        }
        Some(())
    }
}

impl MappedFrame {
    fn map(frame: PhysAddr) -> Option<Self> {
        // SAFETY: Nothing is written. A reserved range may be registers, some of which change when they are read; but only those
        // bytes are read where firmware says that its own table lies.
        let (region, start) = unsafe { MappedRegion::mmio(frame, PAGE_BYTES) }.ok()?;
        Some(Self {
            frame,
            start,
            _region: region,
        })
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

/// Copies bytes out of memory that may change at any time. `start` is mapped for as many bytes.
fn copy(start: VirtAddr, bytes: &mut [u8]) {
    let unaligned = usize::try_from(start.align_up(WORD_BYTES) - start).unwrap_or(0);
    let (head, rest) = bytes.split_at_mut(unaligned.min(bytes.len()));
    copy_bytes(start, head);
    let mut next = start + head.len() as u64;
    let (words, tail) = rest.as_chunks_mut();
    for word in words {
        // SAFETY: The caller mapped these bytes for reading, the address is aligned, and any value is a number.
        *word = unsafe { next.as_ptr::<u64>().read_volatile() }.to_ne_bytes();
        next += WORD_BYTES;
    }
    copy_bytes(next, tail);
}

fn copy_bytes(start: VirtAddr, bytes: &mut [u8]) {
    for (offset, byte) in (0..).zip(bytes) {
        // SAFETY: The caller of `copy` mapped these bytes for reading, and any value is a byte.
        *byte = unsafe { (start + offset).as_ptr::<u8>().read_volatile() };
    }
}
