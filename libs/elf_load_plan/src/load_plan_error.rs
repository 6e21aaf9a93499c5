//! Reasons to refuse a file, with the facts that its author needs.
#![expect(missing_docs, reason = "each error's text says what the error and its fields mean")]

use crate::{ElfSegmentFlags, PROGRAM_HEADER_LIMIT};
use thiserror::Error;

/// The reason why a file is refused. Numbers are those of the file; segments are named by their first address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LoadPlanError {
    #[error("the file has only {file_bytes} bytes, less than an ELF header")]
    TooShort { file_bytes: usize },
    #[error("it is not an ELF file: it starts with {magic:02x?}")]
    NotElf { magic: [u8; 4] },
    #[error("its class is {class}, not 2 (64 bits)")]
    Class { class: u8 },
    #[error("its byte order is {byte_order}, not 1 (little-endian)")]
    ByteOrder { byte_order: u8 },
    #[error("its ELF version is {version}, not 1")]
    Version { version: u32 },
    #[error("it is for another system: its ABI is {os_abi}, version {abi_version}, not 0 or 3, version 0")]
    OtherSystem { os_abi: u8, abi_version: u8 },
    #[error("its machine is {machine}, not 62 (x86-64)")]
    Machine { machine: u16 },
    #[error("its type is {file_type}, not 2 (executable for fixed addresses)")]
    FileType {
        /// 3 is a library or a position-independent program.
        file_type: u16,
    },
    #[error("the size of its header is {size_bytes} bytes, not 64")]
    HeaderSize { size_bytes: u16 },
    #[error("the size of its program headers is {size_bytes} bytes, not 56")]
    ProgramHeaderSize { size_bytes: u16 },
    #[error("it has no program headers")]
    NoProgramHeaders,
    #[error("it has {count} program headers, more than {PROGRAM_HEADER_LIMIT}")]
    TooManyProgramHeaders {
        /// 65535 means that a section header holds the number.
        count: u16,
    },
    #[error("its {count} program headers at {offset:#x} are not between its header and its end at {file_bytes:#x}")]
    ProgramHeadersMisplaced { offset: u64, count: u16, file_bytes: usize },
    #[error("it needs an interpreter")]
    Interpreter,
    #[error("it needs a dynamic linker")]
    Dynamic,
    #[error("it needs thread-local storage")]
    ThreadLocalStorage,
    #[error("it needs an executable stack")]
    ExecutableStack,
    #[error("it has no segment to load")]
    NoSegment,
    #[error("it has more than {limit} segments to load")]
    TooManySegments { limit: usize },
    #[error("the segment at {address:#x} is writable and executable ({flags})")]
    WritableAndExecutable { address: u64, flags: ElfSegmentFlags },
    #[error("the segment at {address:#x} is neither readable nor writable nor executable")]
    NoPermissions { address: u64 },
    #[error("the segment at {address:#x} has {in_file_bytes:#x} bytes in the file, but {in_memory_bytes:#x} in memory")]
    LargerInFile {
        address: u64,
        in_file_bytes: u64,
        in_memory_bytes: u64,
    },
    #[error("the alignment of the segment at {address:#x} is {alignment_bytes:#x}, not a power of two")]
    Alignment { address: u64, alignment_bytes: u64 },
    #[error("the segment at {address:#x} is at {offset:#x} in the file, not congruent modulo {alignment_bytes:#x}")]
    Misaligned {
        address: u64,
        offset: u64,
        alignment_bytes: u64,
    },
    #[error("the segment at {address:#x} of {in_memory_bytes:#x} bytes wraps around")]
    WrapsAround { address: u64, in_memory_bytes: u64 },
    /// A segment lies outside the allowed area: in page 0, in the last page of the lower half, in the upper half, or elsewhere outside
    /// the kernel's limits.
    #[error("the segment at {address:#x} up to {end:#x} is not inside {area_start:#x} up to {area_end:#x}")]
    OutsideArea {
        address: u64,
        end: u64,
        area_start: u64,
        area_end: u64,
    },
    #[error("the segment at {address:#x} up to {end:#x} overlaps the stack at {stack_start:#x} up to {stack_end:#x}")]
    OverlapsStack {
        address: u64,
        end: u64,
        stack_start: u64,
        stack_end: u64,
    },
    #[error("the segment at {address:#x} has the bytes {offset:#x}+{in_file_bytes:#x} of a file of {file_bytes:#x}")]
    OutsideFile {
        address: u64,
        offset: u64,
        in_file_bytes: u64,
        file_bytes: u64,
    },
    /// Two segments overlap or share a page, so they cannot have separate permissions.
    #[error("the segments at {previous:#x} and {address:#x} overlap or share a page")]
    SharesPage { address: u64, previous: u64 },
    #[error("the segment at {address:#x} comes after the one at {previous:#x}, but lies below")]
    OutOfOrder { address: u64, previous: u64 },
    #[error("the entry point {entry_point:#x} is in no executable segment")]
    EntryPoint { entry_point: u64 },
    #[error("it takes {pages} pages of memory, but only {free_frames} are free")]
    TooLarge { pages: u64, free_frames: u64 },
}
