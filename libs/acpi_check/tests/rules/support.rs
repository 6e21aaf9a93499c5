//! Physical memory made of byte vectors, and a writer for structures with fields at offsets.

use acpi_check::{AllegedAddress, OutOfReach, ReadMemory};

/// Ranges of memory; everything else is out of reach.
#[derive(Clone, Debug, Default)]
pub(crate) struct FakeMemory {
    pub(crate) islands: Vec<(u64, Vec<u8>)>,
}

impl FakeMemory {
    pub(crate) fn with(mut self, base: u64, bytes: impl Into<Vec<u8>>) -> Self {
        self.islands.push((base, bytes.into()));
        self
    }

    /// The bytes that begin at `base`.
    pub(crate) fn island(&mut self, base: u64) -> &mut Vec<u8> {
        let island = self.islands.iter_mut().find(|(start, _)| *start == base);
        &mut island.expect("the test names what it made").1
    }
}

impl ReadMemory for FakeMemory {
    fn read(&self, address: AllegedAddress, bytes: &mut [u8]) -> Result<(), OutOfReach> {
        let length_bytes = bytes.len() as u64;
        let source = self.islands.iter().find_map(|(base, island)| {
            let offset = usize::try_from(address.as_u64().checked_sub(*base)?).ok()?;
            island.get(offset..)?.get(..bytes.len())
        });
        bytes.copy_from_slice(source.ok_or(OutOfReach { address, length_bytes })?);
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

/// Sets the checksum at `offset`, so that the sum of all bytes is zero.
pub(crate) fn fix_checksum(structure: &mut [u8], offset: usize) {
    structure[offset] = 0;
    let sum = structure.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    structure[offset] = sum.wrapping_neg();
}

pub(crate) fn rsdp_1(rsdt: u32) -> Vec<u8> {
    let mut rsdp = vec![0; 20];
    put(&mut rsdp, 0, b"RSD PTR ");
    put(&mut rsdp, 16, rsdt.to_le_bytes());
    fix_checksum(&mut rsdp, 8);
    rsdp
}

pub(crate) fn rsdp_2(rsdt: u32, xsdt: u64) -> Vec<u8> {
    let mut rsdp = rsdp_1(rsdt);
    put(&mut rsdp, 15, [2]);
    fix_checksum(&mut rsdp, 8);
    put(&mut rsdp, 20, 36_u32.to_le_bytes());
    put(&mut rsdp, 24, xsdt.to_le_bytes());
    put(&mut rsdp, 33, [0; 3]);
    fix_checksum(&mut rsdp, 32);
    rsdp
}

/// A table whose length and checksum are right.
pub(crate) fn table(signature: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut table = vec![0; 36];
    put(&mut table, 0, signature);
    put(&mut table, 36, body);
    let length = u32::try_from(table.len()).expect("short");
    put(&mut table, 4, length.to_le_bytes());
    fix_checksum(&mut table, 9);
    table
}

/// A table of `length_bytes` with these fields, at offsets from its beginning.
pub(crate) fn table_with(signature: &[u8; 4], length_bytes: usize, fields: &[(usize, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0; length_bytes];
    for (offset, field) in fields {
        bytes[*offset..*offset + field.len()].copy_from_slice(field);
    }
    let mut whole = table(signature, &bytes[36..]);
    whole[8] = bytes[8];
    fix_checksum(&mut whole, 9);
    whole
}

pub(crate) const fn at(address: u64) -> AllegedAddress {
    AllegedAddress::new(address)
}
