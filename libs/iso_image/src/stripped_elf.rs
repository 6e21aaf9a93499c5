//! Strips debug information from an ELF file. Segments stay byte for byte, and the symbol table stays for the kernel's
//! backtrace.
//!
//! Everything up to the end of the last segment keeps its offset. The other sections after it move together. Headers of
//! debug sections become unused ones, so that section numbers stay the same. The writer of the `object` crate is no
//! alternative: it lays the segments out anew and does not keep their bytes. Nor is `llvm-objcopy`: a runner outside of
//! cargo could not find this component of the toolchain.

/// Reason why debug information cannot be stripped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StripError {
    /// The file does not start like a 64-bit little-endian ELF file.
    #[error("it is not a 64-bit little-endian ELF file")]
    NotElf,
    /// A header or a section lies outside of the file.
    #[error("it is cut short or damaged: byte {offset} is past its end")]
    CutShort {
        /// Offset of the first missing byte.
        offset: u64,
    },
    /// Unsupported header sizes.
    #[error("its headers have an unusual size")]
    UnusualHeaders,
}

/// Sizes of the ELF header, a program header and a section header (ELF-64 Object File Format, figures 2, 6 and 3).
const ELF_HEADER_BYTES: usize = 64;
const PROGRAM_HEADER_BYTES: usize = 56;
const SECTION_HEADER_BYTES: usize = 64;
/// Type of a section without bytes in the file.
const SHT_NOBITS: u64 = 8;
/// Flag of a section that is loaded at run time.
const SHF_ALLOC: u64 = 2;

/// Returns the ELF file without its `.debug_*` sections.
///
/// # Errors
/// [`StripError`].
pub fn without_debug_information(file: &[u8]) -> Result<Vec<u8>, StripError> {
    if !file.starts_with(b"\x7fELF\x02\x01") {
        return Err(StripError::NotElf);
    }
    let mut headers = section_headers(file)?;
    let names = headers.get(usize_from(number(file, 62, 2)?)).copied();
    let loaded_end = loaded_end(file, &headers)?;
    let mut stripped = bytes(file, 0, loaded_end)?.to_vec();
    for header in &mut headers {
        if is_debug_information(file, header, names.as_ref())? {
            *header = SectionHeader::default();
        } else if header.end_in_file() > loaded_end {
            let contents = bytes(file, header.offset, header.end_in_file())?;
            pad(&mut stripped, header.alignment);
            header.offset = stripped.len() as u64;
            stripped.extend_from_slice(contents);
        }
    }
    pad(&mut stripped, 8);
    let table = stripped.len() as u64;
    headers.iter().for_each(|header| header.write(&mut stripped));
    if let Some(place) = stripped.get_mut(40..48) {
        place.copy_from_slice(&table.to_le_bytes());
    }
    Ok(stripped)
}

/// A section header.
#[derive(Debug, Clone, Copy, Default)]
struct SectionHeader {
    /// Offset of the name in the section of names.
    name: u64,
    /// Section type.
    kind: u64,
    flags: u64,
    address: u64,
    /// Offset of the contents in the file.
    offset: u64,
    length: u64,
    /// Number of a related section.
    link: u64,
    /// Depends on the type.
    info: u64,
    alignment: u64,
    /// Size of an entry, for tables.
    entry_length: u64,
}

impl SectionHeader {
    /// Reads the header at an offset.
    fn read(file: &[u8], at: usize) -> Result<Self, StripError> {
        let field = |offset, length| number(file, at.saturating_add(offset), length);
        Ok(Self {
            name: field(0, 4)?,
            kind: field(4, 4)?,
            flags: field(8, 8)?,
            address: field(16, 8)?,
            offset: field(24, 8)?,
            length: field(32, 8)?,
            link: field(40, 4)?,
            info: field(44, 4)?,
            alignment: field(48, 8)?,
            entry_length: field(56, 8)?,
        })
    }

    /// Appends the header to a file.
    fn write(&self, file: &mut Vec<u8>) {
        let fields = [
            (self.name, 4),
            (self.kind, 4),
            (self.flags, 8),
            (self.address, 8),
            (self.offset, 8),
            (self.length, 8),
            (self.link, 4),
            (self.info, 4),
            (self.alignment, 8),
            (self.entry_length, 8),
        ];
        for (value, length) in fields {
            file.extend(value.to_le_bytes().into_iter().take(length));
        }
    }

    /// Returns the end of the contents in the file; 0 without contents.
    fn end_in_file(&self) -> u64 {
        if self.kind == SHT_NOBITS || self.length == 0 {
            0
        } else {
            self.offset.saturating_add(self.length)
        }
    }
}

/// Reads all section headers.
fn section_headers(file: &[u8]) -> Result<Vec<SectionHeader>, StripError> {
    let (table, entry, count) = (
        usize_from(number(file, 40, 8)?),
        number(file, 58, 2)?,
        usize_from(number(file, 60, 2)?),
    );
    if count > 0 && entry != SECTION_HEADER_BYTES as u64 {
        return Err(StripError::UnusualHeaders);
    }
    (0..count)
        .map(|index| SectionHeader::read(file, table.saturating_add(index * SECTION_HEADER_BYTES)))
        .collect()
}

/// Returns the end of everything that a loader may read: headers, segments, and loaded sections.
fn loaded_end(file: &[u8], headers: &[SectionHeader]) -> Result<u64, StripError> {
    let (table, entry, count) = (number(file, 32, 8)?, number(file, 54, 2)?, number(file, 56, 2)?);
    if count > 0 && entry != PROGRAM_HEADER_BYTES as u64 {
        return Err(StripError::UnusualHeaders);
    }
    let mut end = (ELF_HEADER_BYTES as u64).max(if count > 0 {
        table.saturating_add(count * entry)
    } else {
        0
    });
    for index in 0..count {
        let header = usize_from(table.saturating_add(index * entry));
        let offset = number(file, header.saturating_add(8), 8)?;
        end = end.max(offset.saturating_add(number(file, header.saturating_add(32), 8)?));
    }
    let sections = headers
        .iter()
        .filter(|header| header.flags & SHF_ALLOC != 0)
        .map(SectionHeader::end_in_file);
    Ok(sections.fold(end, u64::max))
}

/// Returns whether a section is debug information. A loaded `.debug_gdb_scripts` is not.
fn is_debug_information(
    file: &[u8],
    header: &SectionHeader,
    names: Option<&SectionHeader>,
) -> Result<bool, StripError> {
    let Some(names) = names.filter(|_| header.flags & SHF_ALLOC == 0 && header.kind != 0) else {
        return Ok(false);
    };
    let names = bytes(file, names.offset, names.end_in_file().max(names.offset))?;
    let name = names.get(usize_from(header.name)..).unwrap_or_default();
    Ok([&b".debug_"[..], b".rela.debug_"]
        .iter()
        .any(|prefix| name.starts_with(prefix)))
}

/// Returns a part of the file.
fn bytes(file: &[u8], start: u64, end: u64) -> Result<&[u8], StripError> {
    file.get(usize_from(start)..usize_from(end))
        .ok_or(StripError::CutShort {
            offset: file.len() as u64,
        })
}

/// Reads the little-endian number of up to 8 bytes at an offset.
fn number(file: &[u8], at: usize, length: usize) -> Result<u64, StripError> {
    let field = file.get(at..at.saturating_add(length)).ok_or(StripError::CutShort {
        offset: file.len() as u64,
    })?;
    Ok(field.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

/// Converts an offset to an index. One that does not fit lies past the end of every file.
fn usize_from(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

/// Pads with zeros to an alignment. An alignment that is too large for a file is ignored.
fn pad(file: &mut Vec<u8>, alignment: u64) {
    let alignment = usize::try_from(alignment)
        .ok()
        .filter(|alignment| (1..=4096).contains(alignment))
        .unwrap_or(1);
    file.resize(file.len().next_multiple_of(alignment), 0);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Makes a small file: header, one program header, 16 bytes of segment, debug information, names, section table.
    fn sample() -> Vec<u8> {
        let mut file = vec![0; ELF_HEADER_BYTES];
        file[..6].copy_from_slice(b"\x7fELF\x02\x01");
        let mut program_header = vec![0; PROGRAM_HEADER_BYTES];
        program_header[32] = 136;
        file.extend(program_header);
        file.extend([0xaa; 16]);
        let debug = file.len() as u64;
        file.extend([0xdd; 100]);
        let names = file.len() as u64;
        file.extend(b"\0.debug_line\0.shstrtab\0");
        let table = file.len() as u64;
        SectionHeader::default().write(&mut file);
        SectionHeader {
            name: 1,
            kind: 1,
            offset: debug,
            length: 100,
            ..SectionHeader::default()
        }
        .write(&mut file);
        SectionHeader {
            name: 13,
            kind: 3,
            offset: names,
            length: 23,
            ..SectionHeader::default()
        }
        .write(&mut file);
        file[32] = 64;
        file[40..48].copy_from_slice(&table.to_le_bytes());
        file[54] = 56;
        file[56] = 1;
        file[58] = 64;
        file[60] = 3;
        file[62] = 2;
        file
    }

    #[test]
    fn debug_sections_become_unused_headers_and_others_move_up() {
        let stripped = without_debug_information(&sample()).unwrap();
        assert_eq!(stripped[64..136], sample()[64..136]);
        assert!(!stripped.contains(&0xdd));
        let headers = section_headers(&stripped).unwrap();
        assert_eq!((headers[1].kind, headers[1].name, headers[2].offset), (0, 0, 136));
        assert!(stripped[136..].starts_with(b"\0.debug_line\0.shstrtab\0"));
    }

    #[test]
    fn a_file_cut_anywhere_is_an_error() {
        let file = sample();
        for length in 0..file.len() {
            assert!(without_debug_information(&file[..length]).is_err(), "{length}");
        }
    }

    proptest! {
        #[test]
        fn damaged_files_do_not_panic(place in 0_usize..420, value: u64) {
            let mut file = sample();
            for (byte, new) in file.iter_mut().skip(place).zip(value.to_le_bytes()) {
                *byte = new;
            }
            let _ = without_debug_information(&file);
        }
    }
}
