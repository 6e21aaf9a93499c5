//! Validates the kernel file, and places its segments.
//!
//! Always true for a [`KernelElf`]: it has one to 16 segments, sorted by address, all in the top 2 GiB, no two of them on one page. Their
//! bytes lie inside the file, and the entry point lies in an executable one. The image is the range of whole pages from the first
//! segment to the last; it is loaded into one block of physical memory.

mod error;

pub use error::{ImageSizeMismatch, KernelElfError};

use arrayvec::ArrayVec;
use elf::abi::{EM_X86_64, ET_EXEC, PF_W, PF_X, PT_LOAD};
use elf::endian::LittleEndian;
use elf::file::{Class, FileHeader, parse_ident};
use elf::segment::{ProgramHeader, SegmentTable};

use crate::address::{PAGE_SIZE_BYTES, VirtAddr, align_down, align_up};

/// Maximum number of segments.
pub const SEGMENT_LIMIT: usize = 16;

/// The lowest address of a kernel: the top 2 GiB, where 32-bit signed displacements reach.
pub const LOWEST_ADDRESS: u64 = 0xffff_ffff_8000_0000;

/// The last page is not allowed: its end does not fit 64 bits.
const HIGHEST_END: u64 = 0xffff_ffff_ffff_f000;

/// Size of an ELF64 header.
const HEADER_BYTES: usize = 64;

/// Size of an ELF64 program header.
const PROGRAM_HEADER_BYTES: u16 = 56;

/// A segment of the kernel.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// Its first address.
    pub virtual_address: VirtAddr,
    /// Size in memory; the bytes that are not in the file are zero.
    pub memory_size_bytes: u64,
    /// Its bytes in the file.
    pub bytes: &'a [u8],
    /// Whether it is writable.
    pub writable: bool,
    /// Whether it is executable.
    pub executable: bool,
}

/// A validated kernel file.
#[derive(Clone, Debug)]
pub struct KernelElf<'a> {
    /// Entry point.
    pub entry: VirtAddr,
    /// First address of the image, page-aligned.
    pub image_base: VirtAddr,
    /// Size of the image, in whole pages.
    pub image_size_bytes: u64,
    /// The segments.
    segments: ArrayVec<Segment<'a>, SEGMENT_LIMIT>,
}

impl Segment<'_> {
    /// Whether it is writable and executable: allowed, with a warning.
    #[must_use]
    pub const fn is_writable_and_executable(&self) -> bool {
        self.writable && self.executable
    }

    /// First address of its first page.
    #[must_use]
    pub const fn first_page(&self) -> u64 {
        align_down(self.virtual_address.as_u64(), PAGE_SIZE_BYTES)
    }

    /// End of its last page (exclusive).
    #[must_use]
    pub const fn end_page(&self) -> u64 {
        align_up(self.virtual_address.as_u64() + self.memory_size_bytes, PAGE_SIZE_BYTES)
    }
}

impl<'a> KernelElf<'a> {
    /// Validates the file.
    ///
    /// # Errors
    /// [`KernelElfError`]: the first rule that it breaks.
    pub fn check(file: &'a [u8]) -> Result<Self, KernelElfError> {
        let header = check_header(file)?;
        let mut segments = ArrayVec::new();
        for program_header in program_headers(file, &header)?.iter() {
            if program_header.p_type == PT_LOAD && program_header.p_memsz > 0 {
                let segment = check_segment(file, &program_header)?;
                segments
                    .try_push(segment)
                    .map_err(|_| KernelElfError::TooManySegments)?;
            }
        }
        segments.sort_unstable_by_key(|segment: &Segment<'_>| segment.virtual_address);
        for (lower, higher) in segments.iter().zip(segments.iter().skip(1)) {
            if higher.first_page() < lower.end_page() {
                let (first, second) = (lower.virtual_address.as_u64(), higher.virtual_address.as_u64());
                return Err(KernelElfError::Overlap { first, second });
            }
        }
        let (Some(first), Some(last)) = (segments.first(), segments.last()) else {
            return Err(KernelElfError::NoSegment);
        };
        let kernel = Self {
            entry: VirtAddr::new(header.e_entry),
            image_base: VirtAddr::new(first.first_page()),
            image_size_bytes: last.end_page() - first.first_page(),
            segments,
        };
        if !kernel.is_executable(kernel.entry) {
            return Err(KernelElfError::Entry { entry: header.e_entry });
        }
        Ok(kernel)
    }

    /// Returns the segments, sorted by address.
    #[must_use]
    pub fn segments(&self) -> &[Segment<'a>] {
        &self.segments
    }

    /// Whether `address` lies in an executable segment.
    #[must_use]
    pub fn is_executable(&self, address: VirtAddr) -> bool {
        self.segments.iter().any(|segment| {
            let offset = address.as_u64().checked_sub(segment.virtual_address.as_u64());
            segment.executable && offset.is_some_and(|offset| offset < segment.memory_size_bytes)
        })
    }

    /// Size of the part of the image that comes from the file. The rest is zero and has no requests.
    #[must_use]
    pub fn initialised_bytes(&self) -> usize {
        self.segments
            .iter()
            .map(|segment| self.offset_of(segment) + segment.bytes.len())
            .max()
            .unwrap_or(0)
    }

    /// Copies the segments into the block of memory that becomes the image.
    ///
    /// # Errors
    /// The block does not have the size of the image.
    pub fn load_into(&self, image: &mut [u8]) -> Result<(), ImageSizeMismatch> {
        let mismatch = ImageSizeMismatch {
            needed_bytes: self.image_size_bytes,
            given_bytes: image.len(),
        };
        if image.len() as u64 != self.image_size_bytes {
            return Err(mismatch);
        }
        image.fill(0);
        for segment in &self.segments {
            let offset = self.offset_of(segment);
            let target = image.get_mut(offset..offset + segment.bytes.len()).ok_or(mismatch)?;
            target.copy_from_slice(segment.bytes);
        }
        Ok(())
    }

    /// Returns the offset of a segment in the image.
    #[expect(clippy::cast_possible_truncation, reason = "the image is smaller than 2 GiB")]
    fn offset_of(&self, segment: &Segment<'_>) -> usize {
        (segment.virtual_address.as_u64() - self.image_base.as_u64()) as usize
    }
}

/// Validates the file header.
fn check_header(file: &[u8]) -> Result<FileHeader<LittleEndian>, KernelElfError> {
    // The crate indexes the identification without a check of its length.
    let Some((identification, tail)) = file
        .first_chunk::<HEADER_BYTES>()
        .and_then(|header| header.split_at_checked(16))
    else {
        return Err(KernelElfError::TooShort { size_bytes: file.len() });
    };
    let &[a, b, c, d, class, data, ..] = identification else {
        return Err(KernelElfError::TooShort { size_bytes: file.len() });
    };
    let magic = [a, b, c, d];
    if magic != *b"\x7fELF" {
        return Err(KernelElfError::NotElf { magic });
    }
    let not_elf_64 = KernelElfError::NotElf64 { class, data };
    let parsed = parse_ident::<LittleEndian>(identification).map_err(|_| not_elf_64)?;
    if parsed.1 != Class::ELF64 {
        return Err(not_elf_64);
    }
    let header =
        FileHeader::parse_tail(parsed, tail).map_err(|_| KernelElfError::TooShort { size_bytes: file.len() })?;
    if header.e_machine != EM_X86_64 {
        return Err(KernelElfError::Machine {
            machine: header.e_machine,
        });
    }
    if header.e_type != ET_EXEC {
        return Err(KernelElfError::FileType {
            file_type: header.e_type,
        });
    }
    Ok(header)
}

/// Finds the program headers.
fn program_headers<'a>(
    file: &'a [u8],
    header: &FileHeader<LittleEndian>,
) -> Result<SegmentTable<'a, LittleEndian>, KernelElfError> {
    let &FileHeader {
        e_phoff: offset,
        e_phnum: count,
        e_phentsize: entry_size_bytes,
        ..
    } = header;
    let bytes = usize::try_from(offset).ok().and_then(|start| {
        let length = usize::from(count) * usize::from(PROGRAM_HEADER_BYTES);
        file.get(start..)?.get(..length)
    });
    match bytes {
        Some(bytes) if entry_size_bytes == PROGRAM_HEADER_BYTES => {
            Ok(SegmentTable::new(LittleEndian, Class::ELF64, bytes))
        }
        _ => Err(KernelElfError::ProgramHeaders {
            offset,
            count,
            entry_size_bytes,
        }),
    }
}

/// Validates one loadable segment on its own.
fn check_segment<'a>(file: &'a [u8], header: &ProgramHeader) -> Result<Segment<'a>, KernelElfError> {
    let &ProgramHeader {
        p_vaddr,
        p_memsz,
        p_filesz,
        p_offset,
        p_flags,
        ..
    } = header;
    if p_filesz > p_memsz {
        return Err(KernelElfError::LargerInFile {
            address: p_vaddr,
            file_size_bytes: p_filesz,
            memory_size_bytes: p_memsz,
        });
    }
    let ends_below_the_last_page = p_vaddr.checked_add(p_memsz).is_some_and(|end| end <= HIGHEST_END);
    if p_vaddr < LOWEST_ADDRESS || !ends_below_the_last_page {
        return Err(KernelElfError::OutsideTopTwoGib {
            address: p_vaddr,
            memory_size_bytes: p_memsz,
        });
    }
    let bytes = usize::try_from(p_offset).ok().zip(usize::try_from(p_filesz).ok());
    let bytes = bytes.and_then(|(start, length)| file.get(start..)?.get(..length));
    let Some(bytes) = bytes else {
        return Err(KernelElfError::CutShort {
            address: p_vaddr,
            offset: p_offset,
            file_size_bytes: p_filesz,
            file_bytes: file.len(),
        });
    };
    Ok(Segment {
        virtual_address: VirtAddr::new(p_vaddr),
        memory_size_bytes: p_memsz,
        bytes,
        writable: p_flags & PF_W != 0,
        executable: p_flags & PF_X != 0,
    })
}
