//! Where a BIOS puts ACPI's root pointer (ACPI specification, section "Finding the RSDP on IA-PC Systems").
//!
//! The copies in Multiboot2's tags do not help: the kernel shall get the address of the real one.

use acpi_check::{RSDP_SIGNATURE, Rsdp};

use super::AcpiMemory;
use crate::address::{Extent, PhysAddr};
use crate::physical_memory::PhysicalMemory;

/// Where the BIOS data area holds the segment of the extended BIOS data area.
const EBDA_SEGMENT: PhysAddr = PhysAddr::new(0x40e);
/// The first KiB of the extended BIOS data area is searched.
const EBDA_SEARCH_BYTES: u64 = 1024;
/// The BIOS's read-only memory that is searched.
const BIOS_AREA: Extent = Extent::new(PhysAddr::new(0xe_0000), 0x2_0000);
/// The pointer lies at a multiple of this.
const STEP_BYTES: usize = 16;
/// How much is read at once.
const CHUNK_BYTES: usize = 1024;

/// Searches where a BIOS puts it.
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

/// Searches a stretch of memory.
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
