//! Validates the program header of a segment.

use crate::page_size::PAGE_BYTES;
use crate::segment::Segment;
use crate::{ElfSegmentFlags, Limits, LoadPlanError, PagePermissions};
use core::ops::Range;
use elf::segment::ProgramHeader;

/// Validates a program header of a file of `file_bytes` bytes, and returns its segment.
pub(crate) fn checked(
    program_header: &ProgramHeader,
    file_bytes: u64,
    limits: &Limits,
) -> Result<Segment, LoadPlanError> {
    let permissions = PagePermissions::granted(ElfSegmentFlags::new(program_header.p_flags), program_header.p_vaddr)?;
    check_sizes(program_header)?;
    check_alignment(program_header)?;
    let memory = checked_memory(program_header, limits)?;
    let bytes = checked_bytes(program_header, file_bytes)?;
    Ok(Segment::new(memory, bytes, permissions, file_bytes))
}

/// Checks that the segment is not larger in the file than in memory. The bytes that are only in memory are zero.
const fn check_sizes(program_header: &ProgramHeader) -> Result<(), LoadPlanError> {
    let &ProgramHeader {
        p_vaddr,
        p_filesz,
        p_memsz,
        ..
    } = program_header;
    if p_filesz > p_memsz {
        return Err(LoadPlanError::LargerInFile {
            address: p_vaddr,
            in_file_bytes: p_filesz,
            in_memory_bytes: p_memsz,
        });
    }
    Ok(())
}

/// Checks that file offset and address are congruent modulo the page size, so that pages can be mapped from the file, and modulo the
/// segment's alignment, as ELF requires. For a segment without bytes in the file, linkers write any offset.
const fn check_alignment(program_header: &ProgramHeader) -> Result<(), LoadPlanError> {
    let &ProgramHeader {
        p_vaddr: address,
        p_offset: offset,
        p_filesz,
        p_align,
        ..
    } = program_header;
    if p_align != 0 && !p_align.is_power_of_two() {
        return Err(LoadPlanError::Alignment {
            address,
            alignment_bytes: p_align,
        });
    }
    let alignment_bytes = if p_align > PAGE_BYTES { p_align } else { PAGE_BYTES };
    if p_filesz > 0 && !address.abs_diff(offset).is_multiple_of(alignment_bytes) {
        return Err(LoadPlanError::Misaligned {
            address,
            offset,
            alignment_bytes,
        });
    }
    Ok(())
}

fn checked_memory(program_header: &ProgramHeader, limits: &Limits) -> Result<Range<u64>, LoadPlanError> {
    let &ProgramHeader {
        p_vaddr: address,
        p_memsz: in_memory_bytes,
        ..
    } = program_header;
    let Some(end) = address.checked_add(in_memory_bytes) else {
        return Err(LoadPlanError::WrapsAround {
            address,
            in_memory_bytes,
        });
    };
    let allowed = limits.allowed();
    if address < allowed.start || end > allowed.end {
        return Err(LoadPlanError::OutsideArea {
            address,
            end,
            area_start: allowed.start,
            area_end: allowed.end,
        });
    }
    // The stack consists of whole pages, so a comparison of bytes also finds a shared page.
    let reserved = limits.reserved();
    if !reserved.is_empty() && address < reserved.end && reserved.start < end {
        return Err(LoadPlanError::OverlapsStack {
            address,
            end,
            stack_start: reserved.start,
            stack_end: reserved.end,
        });
    }
    Ok(address..end)
}

/// Returns the range of a segment's bytes in the file.
fn checked_bytes(program_header: &ProgramHeader, file_bytes: u64) -> Result<Range<u64>, LoadPlanError> {
    let &ProgramHeader {
        p_vaddr,
        p_offset: offset,
        p_filesz: in_file_bytes,
        ..
    } = program_header;
    if in_file_bytes == 0 {
        return Ok(0..0);
    }
    let end = offset.checked_add(in_file_bytes).filter(|end| *end <= file_bytes);
    let end = end.ok_or(LoadPlanError::OutsideFile {
        address: p_vaddr,
        offset,
        in_file_bytes,
        file_bytes,
    })?;
    Ok(offset..end)
}
