//! Finds the program headers, and selects the segments to load.

use crate::LoadPlanError;
use crate::file_header::{FILE_HEADER_BYTES, PROGRAM_HEADER_BYTES};
use elf::abi::{PF_X, PT_DYNAMIC, PT_GNU_STACK, PT_INTERP, PT_LOAD, PT_TLS};
use elf::endian::LittleEndian;
use elf::file::{Class, FileHeader};
use elf::segment::{ProgramHeader, SegmentTable};

/// Maximum number of program headers. Linkers write about ten. The value 0xffff, which refers to a section header, counts as too
/// many.
pub const PROGRAM_HEADER_LIMIT: u16 = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Load,
    Ignore,
}

pub(crate) fn of<'file>(
    file: &'file [u8],
    header: &FileHeader<LittleEndian>,
) -> Result<SegmentTable<'file, LittleEndian>, LoadPlanError> {
    let &FileHeader {
        e_phoff: offset,
        e_phnum: count,
        ..
    } = header;
    if count > PROGRAM_HEADER_LIMIT {
        return Err(LoadPlanError::TooManyProgramHeaders { count });
    }
    let size_bytes = usize::from(count).saturating_mul(usize::from(PROGRAM_HEADER_BYTES));
    let after_header = Some(offset).filter(|offset| *offset >= u64::from(FILE_HEADER_BYTES));
    let start = after_header.and_then(|offset| usize::try_from(offset).ok());
    let bytes = start.and_then(|start| file.get(start..)?.get(..size_bytes));
    let bytes = bytes.ok_or(LoadPlanError::ProgramHeadersMisplaced {
        offset,
        count,
        file_bytes: file.len(),
    })?;
    Ok(SegmentTable::new(LittleEndian, Class::ELF64, bytes))
}

/// Returns the role of a program header, or an error if the file needs a feature that this kernel does not have.
///
/// Ignored are kinds without a meaning here, empty segments, and `PT_GNU_RELRO`: data that a dynamic linker would make read-only
/// after relocation stays writable, as its segment says.
pub(crate) const fn role(program_header: &ProgramHeader) -> Result<Role, LoadPlanError> {
    let &ProgramHeader {
        p_type,
        p_flags,
        p_filesz,
        p_memsz,
        ..
    } = program_header;
    match p_type {
        PT_LOAD if p_filesz == 0 && p_memsz == 0 => Ok(Role::Ignore),
        PT_LOAD => Ok(Role::Load),
        PT_INTERP => Err(LoadPlanError::Interpreter),
        PT_DYNAMIC => Err(LoadPlanError::Dynamic),
        PT_TLS => Err(LoadPlanError::ThreadLocalStorage),
        PT_GNU_STACK if p_flags & PF_X != 0 => Err(LoadPlanError::ExecutableStack),
        _ => Ok(Role::Ignore),
    }
}
