//! Checks ELF files before they go onto an ISO. An image that cannot boot is refused here: a boot loader would fail
//! without a log.

use std::ops::Range;

use elf::abi::{EM_X86_64, ET_EXEC, PF_X, PT_LOAD};
use elf::endian::LittleEndian;
use elf::file::Class;
use elf::segment::ProgramHeader;
use elf::{ElfBytes, ParseError};

/// Virtual addresses of the kernel, which is linked for the top 2 GiB.
const KERNEL_ADDRESSES: Range<u64> = 0xffff_ffff_8000_0000..u64::MAX;
/// Virtual addresses of programs: the lower half.
const PROGRAM_ADDRESSES: Range<u64> = 0..0x0000_8000_0000_0000;
/// Physical addresses to which GRUB, a 32-bit program, loads: above 1 MiB, below 4 GiB.
const LOADER_PHYSICAL_ADDRESSES: Range<u64> = 0x10_0000..0x1_0000_0000;
/// Start of the marker before the requests (Limine boot protocol, "Requests delimiters").
const REQUESTS_START: [u64; 2] = [0xf6b8_f4b3_9de7_d1ae, 0xfab9_1a69_40fc_b9cf];
/// Marker after the requests.
const REQUESTS_END: [u64; 2] = [0xadc0_e053_1bb1_0d03, 0x9572_709f_3176_4c62];
/// Number of bytes at the start of the file that contain the Multiboot2 header (Multiboot2 specification, 3.1).
const MULTIBOOT2_SEARCHED_BYTES: usize = 32 * 1024;
/// Alignment of the Multiboot2 header.
const MULTIBOOT2_ALIGNMENT: usize = 8;
/// Magic number of the Multiboot2 header.
const MULTIBOOT2_MAGIC: u32 = 0xe852_50d6;
/// `push rbp; mov rbp, rsp`: the start of a function with a frame pointer.
const FRAME_POINTER_SETUP: [u8; 4] = [0x55, 0x48, 0x89, 0xe5];
/// Maximum average distance between two such starts in a kernel with frame pointers.
const MOST_CODE_BYTES_FOR_A_FRAME_POINTER: usize = 2048;

/// Reason why an image cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// Damaged, or no ELF file.
    #[error("it is not a whole ELF file: {0}")]
    NotElf(#[from] ParseError),
    /// Built for another architecture.
    #[error("it is not for x86_64")]
    OtherMachine,
    /// Not linked for fixed addresses.
    #[error("its ELF type is {found}, not 2 (fixed addresses): some flag or setting made it position-independent")]
    Type {
        /// ELF type: 3 for a position-independent image.
        found: u16,
    },
    /// Contains no segment to load.
    #[error("it has no segment to load")]
    NoSegment,
    /// A segment lies outside the address range of this kind of image.
    #[error("it has a segment at {address:#x}, where it cannot lie")]
    Address {
        /// Address of the segment.
        address: u64,
    },
    /// The entry point lies in no executable segment.
    #[error("its entry point {entry:#x} is not in an executable segment")]
    Entry {
        /// Address of the entry point.
        entry: u64,
    },
    /// A kernel without Limine requests.
    #[error("it has no Limine requests between their two markers (section .requests)")]
    NoRequests,
    /// A loader without a Multiboot2 header.
    #[error("it has no valid Multiboot2 header in its first 32 KiB")]
    NoMultiboot2Header,
}

/// Checks that the boot loader can start a kernel.
///
/// # Errors
/// [`ImageError`].
pub fn check_kernel(file: &[u8]) -> Result<(), ImageError> {
    let elf = fixed_image(file, |segment| segment.p_vaddr, &KERNEL_ADDRESSES)?;
    for segment in segments(&elf)? {
        let bytes = elf.segment_data(&segment)?;
        if let Some(start) = find(bytes, REQUESTS_START)
            && bytes
                .get(start..)
                .is_some_and(|requests| find(requests, REQUESTS_END).is_some())
        {
            return Ok(());
        }
    }
    Err(ImageError::NoRequests)
}

/// Checks that GRUB can start our Multiboot2 loader.
///
/// # Errors
/// [`ImageError`].
pub fn check_multiboot2_loader(file: &[u8]) -> Result<(), ImageError> {
    fixed_image(file, |segment| segment.p_paddr, &LOADER_PHYSICAL_ADDRESSES)?;
    let searched = file
        .get(..MULTIBOOT2_SEARCHED_BYTES.min(file.len()))
        .unwrap_or_default();
    let mut places = searched.chunks(MULTIBOOT2_ALIGNMENT).enumerate();
    let is_header = |place: usize| {
        let number = |index: usize| {
            let bytes = searched.get(place + 4 * index..)?.first_chunk()?;
            Some(u32::from_le_bytes(*bytes))
        };
        // Magic, architecture, length and checksum add up to zero.
        let sum = (0..4).try_fold(0_u32, |sum, index| Some(sum.wrapping_add(number(index)?)));
        number(0) == Some(MULTIBOOT2_MAGIC) && sum == Some(0)
    };
    if places.any(|(index, _)| is_header(index * MULTIBOOT2_ALIGNMENT)) {
        Ok(())
    } else {
        Err(ImageError::NoMultiboot2Header)
    }
}

/// Checks that the kernel can run a program.
///
/// # Errors
/// [`ImageError`].
pub fn check_program(file: &[u8]) -> Result<(), ImageError> {
    fixed_image(file, |segment| segment.p_vaddr, &PROGRAM_ADDRESSES).map(drop)
}

/// Returns whether the functions of an image keep frame pointers, which backtraces follow. True for a file that is no
/// ELF file.
#[must_use]
pub fn has_frame_pointers(file: &[u8]) -> bool {
    let Ok(elf) = ElfBytes::<LittleEndian>::minimal_parse(file) else {
        return true;
    };
    let all = segments(&elf).unwrap_or_default();
    let code = all.iter().filter(|segment| segment.p_flags & PF_X != 0);
    code.filter_map(|segment| elf.segment_data(segment).ok()).all(|code| {
        let setups = code.windows(FRAME_POINTER_SETUP.len());
        let setups = setups.filter(|bytes| *bytes == FRAME_POINTER_SETUP).count();
        setups >= code.len() / MOST_CODE_BYTES_FOR_A_FRAME_POINTER
    })
}

/// Parses an image and checks its type, entry point and segment addresses. `start_of` chooses virtual or physical
/// addresses.
fn fixed_image<'file>(
    file: &'file [u8],
    start_of: impl Fn(&ProgramHeader) -> u64,
    allowed: &Range<u64>,
) -> Result<ElfBytes<'file, LittleEndian>, ImageError> {
    let elf = ElfBytes::<LittleEndian>::minimal_parse(file)?;
    if elf.ehdr.e_machine != EM_X86_64 || elf.ehdr.class != Class::ELF64 {
        return Err(ImageError::OtherMachine);
    }
    if elf.ehdr.e_type != ET_EXEC {
        return Err(ImageError::Type { found: elf.ehdr.e_type });
    }
    let segments = segments(&elf)?;
    if segments.is_empty() {
        return Err(ImageError::NoSegment);
    }
    for segment in &segments {
        let address = start_of(segment);
        let end = address.checked_add(segment.p_memsz);
        if address < allowed.start || end.is_none_or(|end| end > allowed.end) {
            return Err(ImageError::Address { address });
        }
        // The file contains the whole segment.
        elf.segment_data(segment)?;
    }
    let entry = elf.ehdr.e_entry;
    // GRUB, too, finds the segment by the virtual address, and jumps to the same place in its physical memory.
    let is_in = |segment: &ProgramHeader| {
        entry
            .checked_sub(segment.p_vaddr)
            .is_some_and(|at| at < segment.p_memsz)
    };
    if segments
        .iter()
        .any(|segment| segment.p_flags & PF_X != 0 && is_in(segment))
    {
        Ok(elf)
    } else {
        Err(ImageError::Entry { entry })
    }
}

/// Returns the non-empty segments to load.
fn segments(elf: &ElfBytes<'_, LittleEndian>) -> Result<Vec<ProgramHeader>, ParseError> {
    let table = elf.segments().into_iter().flat_map(|table| table.iter());
    Ok(table
        .filter(|segment| segment.p_type == PT_LOAD && segment.p_memsz > 0)
        .collect())
}

/// Finds the offsets of two consecutive aligned numbers.
fn find(bytes: &[u8], numbers: [u64; 2]) -> Option<usize> {
    let wanted = numbers.map(u64::to_le_bytes).concat();
    let chunks = bytes.chunks(size_of::<u64>()).enumerate();
    let mut places = chunks.map(|(index, _)| index * size_of::<u64>());
    places.find(|place| bytes.get(*place..).is_some_and(|rest| rest.starts_with(&wanted)))
}
