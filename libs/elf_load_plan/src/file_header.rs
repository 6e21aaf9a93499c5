//! Validates the ELF header. Its fields about sections are ignored: loading a program needs no sections.

use crate::LoadPlanError;
use elf::abi::{ELFCLASS64, ELFDATA2LSB, ELFMAGIC, ELFOSABI_GNU, ELFOSABI_SYSV, EM_X86_64, ET_EXEC, EV_CURRENT};
use elf::endian::LittleEndian;
use elf::file::{Class, ELF64_EHDR_TAILSIZE, FileHeader};

/// Size of the identification (`e_ident`), which is the same for every class and byte order.
const IDENTIFICATION_BYTES: usize = 16;

pub(crate) const FILE_HEADER_BYTES: u16 = 64;
pub(crate) const PROGRAM_HEADER_BYTES: u16 = 56;

/// Returns the header of a file that can be a program for this kernel.
pub(crate) fn checked(file: &[u8]) -> Result<FileHeader<LittleEndian>, LoadPlanError> {
    let too_short = LoadPlanError::TooShort { file_bytes: file.len() };
    let (identification, rest) = file.split_first_chunk().ok_or(too_short)?;
    let tail = rest.first_chunk::<ELF64_EHDR_TAILSIZE>().ok_or(too_short)?;
    // The crate could parse the identification too, but its errors do not name the field.
    let identified = checked_identification(identification)?;
    let header = FileHeader::parse_tail(identified, tail).map_err(|_| too_short)?;
    check_fields(&header)?;
    Ok(header)
}

/// Validates the identification, and returns what the crate needs to parse the rest of the header.
fn checked_identification(
    identification: &[u8; IDENTIFICATION_BYTES],
) -> Result<(LittleEndian, Class, u8, u8), LoadPlanError> {
    let [a, b, c, d, class, byte_order, version, os_abi, abi_version, ..] = *identification;
    let magic = [a, b, c, d];
    if magic != ELFMAGIC {
        return Err(LoadPlanError::NotElf { magic });
    }
    if class != ELFCLASS64 {
        return Err(LoadPlanError::Class { class });
    }
    if byte_order != ELFDATA2LSB {
        return Err(LoadPlanError::ByteOrder { byte_order });
    }
    if version != EV_CURRENT {
        return Err(LoadPlanError::Version {
            version: u32::from(version),
        });
    }
    // Linkers write the GNU number when a symbol has a kind that GNU added. This makes no difference for loading.
    if !matches!(os_abi, ELFOSABI_SYSV | ELFOSABI_GNU) || abi_version != 0 {
        return Err(LoadPlanError::OtherSystem { os_abi, abi_version });
    }
    Ok((LittleEndian, Class::ELF64, os_abi, abi_version))
}

/// Validates the fields, apart from the entry point and the offset of the program headers.
const fn check_fields(header: &FileHeader<LittleEndian>) -> Result<(), LoadPlanError> {
    let &FileHeader {
        version,
        e_type: file_type,
        e_machine: machine,
        e_ehsize,
        e_phnum,
        e_phentsize,
        ..
    } = header;
    if version != EV_CURRENT as u32 {
        return Err(LoadPlanError::Version { version });
    }
    if machine != EM_X86_64 {
        return Err(LoadPlanError::Machine { machine });
    }
    if file_type != ET_EXEC {
        return Err(LoadPlanError::FileType { file_type });
    }
    if e_ehsize != FILE_HEADER_BYTES {
        return Err(LoadPlanError::HeaderSize { size_bytes: e_ehsize });
    }
    if e_phnum == 0 {
        return Err(LoadPlanError::NoProgramHeaders);
    }
    if e_phentsize != PROGRAM_HEADER_BYTES {
        return Err(LoadPlanError::ProgramHeaderSize {
            size_bytes: e_phentsize,
        });
    }
    Ok(())
}
