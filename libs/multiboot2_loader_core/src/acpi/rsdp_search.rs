//! Searches the ACPI root pointer (RSDP) where a BIOS stores it (ACPI specification, section "Finding the RSDP on IA-PC Systems").
//!
//! The copies in the Multiboot2 tags do not serve: the kernel needs the address of the original.

use acpi_check::{RSDP_SIGNATURE, Rsdp};

use super::AcpiMemory;
use crate::address::{Extent, PhysAddr};
use crate::physical_memory::PhysicalMemory;

/// Address in the BIOS data area that holds the segment of the extended BIOS data area.
const EBDA_SEGMENT: PhysAddr = PhysAddr::new(0x40e);
/// Size of the part of the extended BIOS data area that is searched.
const EBDA_SEARCH_BYTES: u64 = 1024;
/// Read-only memory of the BIOS that is searched.
const BIOS_AREA: Extent = Extent::new(PhysAddr::new(0xe_0000), 0x2_0000);
/// Alignment of the pointer.
const STEP_BYTES: usize = 16;
/// Number of bytes that one read takes.
const CHUNK_BYTES: usize = 1024;

/// Searches the places where a BIOS stores the pointer.
#[must_use]
pub fn find_in_low_memory<M: PhysicalMemory>(memory: &M) -> Option<Rsdp> {
    let ebda = memory
        .read_array(EBDA_SEGMENT)
        .ok()
        .map(|segment| u64::from(u16::from_le_bytes(segment)) << 4);
    let ebda = ebda.map(|base| Extent::new(PhysAddr::new(base), EBDA_SEARCH_BYTES));
    ebda.into_iter()
        .chain([BIOS_AREA])
        .find_map(|area| find_in(memory, area))
}

/// Searches a range of memory.
fn find_in<M: PhysicalMemory>(memory: &M, area: Extent) -> Option<Rsdp> {
    let mut chunk = [0; CHUNK_BYTES];
    let mut address = area.base;
    while address < area.end() {
        if memory.read(address, &mut chunk).is_ok() {
            for (index, candidate) in chunk.as_chunks::<STEP_BYTES>().0.iter().enumerate() {
                if candidate.starts_with(RSDP_SIGNATURE)
                    && let Some(at) = address.checked_add((index * STEP_BYTES) as u64)
                    && let Ok(rsdp) = Rsdp::check(&AcpiMemory(memory), at.into())
                {
                    return Some(rsdp);
                }
            }
        }
        address = address.checked_add(CHUNK_BYTES as u64)?;
    }
    None
}
