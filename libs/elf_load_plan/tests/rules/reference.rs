//! Loads an ELF file that is known to be sound, without a plan: page by page into a map, reading the fields where the
//! specification has them. What a plan comes to is compared with this.

use std::collections::BTreeMap;

/// The size of a page.
const PAGE_BYTES: u64 = 4096;

/// A page with bytes of a segment.
#[derive(Debug)]
pub(crate) struct ReferencePage {
    /// Its bytes; those that belong to no segment have no value.
    pub(crate) bytes: Vec<Option<u8>>,
    /// The flags of the segment.
    pub(crate) flags: u32,
}

/// Every page with bytes of a segment, by its first address.
pub(crate) fn load(file: &[u8]) -> BTreeMap<u64, ReferencePage> {
    let mut memory = BTreeMap::new();
    let (headers_offset, count) = (number::<8>(file, 32), number::<2>(file, 56));
    for index in 0..count {
        let at = usize::try_from(headers_offset + index * 56).unwrap();
        if number::<4>(file, at) == 1 && number::<8>(file, at + 40) > 0 {
            load_segment(&mut memory, file, at);
        }
    }
    memory
}

/// Loads the segment whose program header is at an offset.
fn load_segment(memory: &mut BTreeMap<u64, ReferencePage>, file: &[u8], header: usize) {
    let flags = u32::try_from(number::<4>(file, header + 4)).unwrap();
    let [offset, address] = [8, 16].map(|at| number::<8>(file, header + at));
    let [in_file_bytes, in_memory_bytes] = [32, 40].map(|at| number::<8>(file, header + at));
    let end = address + in_memory_bytes;
    for page_start in (address - address % PAGE_BYTES..end).step_by(4096) {
        let page = memory.entry(page_start).or_insert_with(|| ReferencePage {
            bytes: vec![None; 4096],
            flags,
        });
        for (byte, place) in page.bytes.iter_mut().zip(page_start..) {
            if place >= address && place < end {
                let index = place - address;
                let in_file = || file[usize::try_from(offset + index).unwrap()];
                *byte = Some(if index < in_file_bytes { in_file() } else { 0 });
            }
        }
    }
}

/// A number of so many bytes.
fn number<const BYTES: usize>(file: &[u8], offset: usize) -> u64 {
    let digits = file[offset..offset + BYTES].iter().rev();
    digits.fold(0, |number, byte| number << 8 | u64::from(*byte))
}
