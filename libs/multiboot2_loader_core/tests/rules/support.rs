//! Physical memory made of byte vectors, and a writer for structures with fields at offsets.

use multiboot2_loader_core::address::PhysAddr;
use multiboot2_loader_core::physical_memory::{OutOfReach, PhysicalMemory};

/// Islands of memory; everything else is out of reach.
#[derive(Default)]
pub(crate) struct FakeMemory {
    islands: Vec<(u64, Vec<u8>)>,
}

impl FakeMemory {
    pub(crate) fn with(mut self, base: u64, bytes: impl Into<Vec<u8>>) -> Self {
        self.islands.push((base, bytes.into()));
        self
    }

    pub(crate) fn word(&self, address: u64) -> u64 {
        u64::from_le_bytes(
            self.read_array(PhysAddr::new(address))
                .expect("the test reads what it made"),
        )
    }

    fn find(&self, address: PhysAddr, length: usize) -> Option<(usize, usize)> {
        self.islands.iter().enumerate().find_map(|(index, (base, bytes))| {
            let offset = usize::try_from(address.as_u64().checked_sub(*base)?).ok()?;
            (offset.checked_add(length)? <= bytes.len()).then_some((index, offset))
        })
    }
}

impl PhysicalMemory for FakeMemory {
    fn read(&self, address: PhysAddr, bytes: &mut [u8]) -> Result<(), OutOfReach> {
        let length_bytes = bytes.len() as u64;
        let (index, offset) = self
            .find(address, bytes.len())
            .ok_or(OutOfReach { address, length_bytes })?;
        bytes.copy_from_slice(&self.islands[index].1[offset..offset + bytes.len()]);
        Ok(())
    }

    fn write(&mut self, address: PhysAddr, bytes: &[u8]) -> Result<(), OutOfReach> {
        let length_bytes = bytes.len() as u64;
        let (index, offset) = self
            .find(address, bytes.len())
            .ok_or(OutOfReach { address, length_bytes })?;
        self.islands[index].1[offset..offset + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }
}

/// Puts `field` at `offset`, making the structure longer where needed.
pub(crate) fn put(structure: &mut Vec<u8>, offset: usize, field: impl AsRef<[u8]>) {
    let field = field.as_ref();
    if structure.len() < offset + field.len() {
        structure.resize(offset + field.len(), 0);
    }
    structure[offset..offset + field.len()].copy_from_slice(field);
}

/// Sets the byte at `offset` so that all bytes add up to zero.
pub(crate) fn fix_checksum(structure: &mut [u8], offset: usize) {
    structure[offset] = 0;
    let sum = structure.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    structure[offset] = sum.wrapping_neg();
}

/// The word at `offset`.
pub(crate) fn word(bytes: &[u8], offset: usize) -> u64 {
    u64::from_le_bytes(bytes[offset..offset + 8].try_into().expect("eight bytes"))
}
