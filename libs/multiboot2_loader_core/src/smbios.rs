//! SMBIOS's entry points and the tables that they name (DSP0134, section 5.2).

use arrayvec::ArrayVec;

use crate::address::{Extent, PhysAddr};
use crate::bytes::{sums_to_zero, u16_at, u32_at, u64_at};
use crate::physical_memory::PhysicalMemory;

/// Memory where a BIOS stores the entry points.
const BIOS_AREA: Extent = Extent::new(PhysAddr::new(0xf_0000), 0x1_0000);
/// Alignment of an entry point.
const STEP_BYTES: usize = 16;
/// Number of bytes that one read takes.
const CHUNK_BYTES: usize = 1024;
/// Maximum size of an entry point; the longest defined one has 31 bytes.
const ENTRY_LIMIT_BYTES: usize = 64;
/// Maximum size of a structure table.
const TABLE_LIMIT_BYTES: u32 = 1 << 20;

/// The entry points.
#[derive(Clone, Debug, Default)]
pub struct SmbiosEntryPoints {
    /// The 32-bit entry point ("_SM_").
    pub entry_32: Option<PhysAddr>,
    /// The 64-bit entry point ("_SM3_").
    pub entry_64: Option<PhysAddr>,
    /// Address ranges that the kernel reads: the entry points and their structure tables.
    pub extents: ArrayVec<Extent, 4>,
}

/// Searches the entry points where a BIOS stores them.
#[must_use]
pub fn find_in_low_memory<M: PhysicalMemory>(memory: &M) -> SmbiosEntryPoints {
    let mut found = SmbiosEntryPoints::default();
    let mut chunk = [0; CHUNK_BYTES];
    let mut address = BIOS_AREA.base.as_u64();
    while address < BIOS_AREA.end().as_u64() {
        if memory.read(PhysAddr::new(address), &mut chunk).is_ok() {
            for (index, candidate) in chunk.as_chunks::<STEP_BYTES>().0.iter().enumerate() {
                if candidate.starts_with(b"_SM") {
                    found.take(memory, PhysAddr::new(address + (index * STEP_BYTES) as u64));
                }
            }
        }
        address += CHUNK_BYTES as u64;
    }
    found
}

/// Validates the entry points that EFI names.
#[must_use]
pub fn check<M: PhysicalMemory>(memory: &M, candidates: [Option<PhysAddr>; 2]) -> SmbiosEntryPoints {
    let mut found = SmbiosEntryPoints::default();
    for address in candidates.into_iter().flatten() {
        found.take(memory, address);
    }
    found
}

impl SmbiosEntryPoints {
    /// Records the entry point at `address`, if it is the first of its kind and its checksum is right.
    fn take<M: PhysicalMemory>(&mut self, memory: &M, address: PhysAddr) {
        let Ok(start) = memory.read_array::<8>(address) else {
            return;
        };
        // The length follows the signature and the checksum: at 5 for "_SM_", at 6 for "_SM3_".
        let (is_64, length) = match start {
            [b'_', b'S', b'M', b'3', b'_', _, length, _] => (true, usize::from(length)),
            [b'_', b'S', b'M', b'_', _, length, ..] => (false, usize::from(length)),
            _ => return,
        };
        let slot = if is_64 { &mut self.entry_64 } else { &mut self.entry_32 };
        let mut bytes = [0; ENTRY_LIMIT_BYTES];
        let Some(entry) = bytes.get_mut(..length) else { return };
        if slot.is_some() || memory.read(address, entry).is_err() || !sums_to_zero(entry) {
            return;
        }
        let table = if is_64 {
            u64_at(entry, 0x10).zip(u32_at(entry, 0x0c))
        } else {
            table_32(entry)
        };
        let Some((table, table_bytes)) = table else { return };
        *slot = Some(address);
        _ = self.extents.try_push(Extent::new(address, length as u64));
        _ = self.extents.try_push(Extent::new(
            PhysAddr::new(table),
            u64::from(table_bytes.min(TABLE_LIMIT_BYTES)),
        ));
    }
}

/// Returns address and length of the structure table of a 32-bit entry point.
fn table_32(entry: &[u8]) -> Option<(u64, u32)> {
    Some((u64::from(u32_at(entry, 0x18)?), u32::from(u16_at(entry, 0x16)?)))
}
