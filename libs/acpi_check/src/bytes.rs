//! Little-endian numbers in byte slices. A number that is not completely inside is `None`, or is not written.

/// The `N` bytes at `offset`.
pub(crate) fn array_at<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..)?.first_chunk::<N>().copied()
}

/// The byte at `offset`.
pub(crate) fn u8_at(bytes: &[u8], offset: usize) -> Option<u8> {
    bytes.get(offset).copied()
}

/// The 16-bit number at `offset`.
pub(crate) fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    array_at(bytes, offset).map(u16::from_le_bytes)
}

/// The 32-bit number at `offset`.
pub(crate) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    array_at(bytes, offset).map(u32::from_le_bytes)
}

/// The 64-bit number at `offset`.
pub(crate) fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    array_at(bytes, offset).map(u64::from_le_bytes)
}

/// Writes a field at `offset`.
pub(crate) fn put<const N: usize>(bytes: &mut [u8], offset: usize, field: [u8; N]) {
    if let Some(target) = bytes.get_mut(offset..).and_then(|rest| rest.first_chunk_mut::<N>()) {
        *target = field;
    }
}

/// The sum of all bytes: zero where ACPI's checksum is right.
pub(crate) fn sum(bytes: &[u8]) -> u8 {
    // Four lanes of 16 bits: the upper half of each takes the carry and is cleared.
    const LANES: u64 = 0x00ff_00ff_00ff_00ff;
    let (words, rest) = bytes.as_chunks();
    let lanes = words
        .iter()
        .copied()
        .map(u64::from_le_bytes)
        .fold(0, |lanes: u64, word| {
            lanes.wrapping_add(word & LANES).wrapping_add(word >> 8 & LANES) & LANES
        });
    let add = |sum: u8, byte: &u8| sum.wrapping_add(*byte);
    rest.iter().fold(lanes.to_le_bytes().iter().fold(0, add), add)
}
