//! Reasons to refuse a file, with the facts that its author needs.

use crate::{ElfSegmentFlags, PROGRAM_HEADER_LIMIT};
use thiserror::Error;

/// The reason why a file is refused. Numbers are those of the file; segments are named by their first address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LoadPlanError {
    /// The file ends inside its header.
    #[error("the file has only {file_bytes} bytes, less than an ELF header")]
    TooShort {
        /// Its size.
        file_bytes: usize,
    },
    /// The file does not start with the magic number of ELF.
    #[error("it is not an ELF file: it starts with {magic:02x?}")]
    NotElf {
        /// Its first bytes.
        magic: [u8; 4],
    },
    /// The class is not 64-bit.
    #[error("its class is {class}, not 2 (64 bits)")]
    Class {
        /// The class.
        class: u8,
    },
    /// The byte order is not little-endian.
    #[error("its byte order is {byte_order}, not 1 (little-endian)")]
    ByteOrder {
        /// The byte order.
        byte_order: u8,
    },
    /// The version of ELF is unknown.
    #[error("its ELF version is {version}, not 1")]
    Version {
        /// The version, in the identification or in the header.
        version: u32,
    },
    /// The ABI is neither System V nor GNU.
    #[error("it is for another system: its ABI is {os_abi}, version {abi_version}, not 0 or 3, version 0")]
    OtherSystem {
        /// The system.
        os_abi: u8,
        /// The version of that system's conventions.
        abi_version: u8,
    },
    /// The file is for another processor.
    #[error("its machine is {machine}, not 62 (x86-64)")]
    Machine {
        /// The machine.
        machine: u16,
    },
    /// The file is not an executable for fixed addresses.
    #[error("its type is {file_type}, not 2 (executable for fixed addresses)")]
    FileType {
        /// The type. 3 is a library or a position-independent program.
        file_type: u16,
    },
    /// The header does not have the size of a 64-bit header.
    #[error("the size of its header is {size_bytes} bytes, not 64")]
    HeaderSize {
        /// The size.
        size_bytes: u16,
    },
    /// The program headers do not have the size of 64-bit ones.
    #[error("the size of its program headers is {size_bytes} bytes, not 56")]
    ProgramHeaderSize {
        /// The size.
        size_bytes: u16,
    },
    /// There are no program headers.
    #[error("it has no program headers")]
    NoProgramHeaders,
    /// There are more than [`PROGRAM_HEADER_LIMIT`] program headers.
    #[error("it has {count} program headers, more than {PROGRAM_HEADER_LIMIT}")]
    TooManyProgramHeaders {
        /// Their number; 65535 means that a section header holds it.
        count: u16,
    },
    /// The program headers overlap the header, or lie beyond the end of the file.
    #[error("its {count} program headers at {offset:#x} are not between its header and its end at {file_bytes:#x}")]
    ProgramHeadersMisplaced {
        /// Their offset in the file.
        offset: u64,
        /// Their number.
        count: u16,
        /// The file's size.
        file_bytes: usize,
    },
    /// The file names an interpreter (`PT_INTERP`).
    #[error("it needs an interpreter")]
    Interpreter,
    /// The file needs a dynamic linker (`PT_DYNAMIC`).
    #[error("it needs a dynamic linker")]
    Dynamic,
    /// The file needs thread-local storage (`PT_TLS`).
    #[error("it needs thread-local storage")]
    ThreadLocalStorage,
    /// The file needs an executable stack (`PT_GNU_STACK`).
    #[error("it needs an executable stack")]
    ExecutableStack,
    /// There is no segment to load.
    #[error("it has no segment to load")]
    NoSegment,
    /// There are too many segments to load.
    #[error("it has more than {limit} segments to load")]
    TooManySegments {
        /// The maximum.
        limit: usize,
    },
    /// A segment is both writable and executable.
    #[error("the segment at {address:#x} is writable and executable ({flags})")]
    WritableAndExecutable {
        /// Its first address.
        address: u64,
        /// The requested permissions.
        flags: ElfSegmentFlags,
    },
    /// A segment has no permissions.
    #[error("the segment at {address:#x} is neither readable nor writable nor executable")]
    NoPermissions {
        /// Its first address.
        address: u64,
    },
    /// A segment has more bytes in the file than in memory.
    #[error("the segment at {address:#x} has {in_file_bytes:#x} bytes in the file, but {in_memory_bytes:#x} in memory")]
    LargerInFile {
        /// Its first address.
        address: u64,
        /// Its size in the file.
        in_file_bytes: u64,
        /// Its size in memory.
        in_memory_bytes: u64,
    },
    /// The alignment of a segment is not a power of two.
    #[error("the alignment of the segment at {address:#x} is {alignment_bytes:#x}, not a power of two")]
    Alignment {
        /// Its first address.
        address: u64,
        /// Its alignment.
        alignment_bytes: u64,
    },
    /// The offset of a segment in the file and its address differ modulo the alignment.
    #[error("the segment at {address:#x} is at {offset:#x} in the file, not congruent modulo {alignment_bytes:#x}")]
    Misaligned {
        /// Its first address.
        address: u64,
        /// Its offset in the file.
        offset: u64,
        /// Its alignment, at least that of a page.
        alignment_bytes: u64,
    },
    /// The end of a segment exceeds 64 bits.
    #[error("the segment at {address:#x} of {in_memory_bytes:#x} bytes wraps around")]
    WrapsAround {
        /// Its first address.
        address: u64,
        /// Its size in memory.
        in_memory_bytes: u64,
    },
    /// A segment lies outside the allowed area: in page 0, in the last page of the lower half, in the upper half, or elsewhere outside
    /// the kernel's limits.
    #[error("the segment at {address:#x} up to {end:#x} is not inside {area_start:#x} up to {area_end:#x}")]
    OutsideArea {
        /// Its first address.
        address: u64,
        /// Its end (exclusive).
        end: u64,
        /// Start of the allowed area.
        area_start: u64,
        /// End of the allowed area (exclusive).
        area_end: u64,
    },
    /// A segment overlaps the stack or its guard.
    #[error("the segment at {address:#x} up to {end:#x} overlaps the stack at {stack_start:#x} up to {stack_end:#x}")]
    OverlapsStack {
        /// Its first address.
        address: u64,
        /// Its end (exclusive).
        end: u64,
        /// Start of the stack's guard.
        stack_start: u64,
        /// End of the stack (exclusive).
        stack_end: u64,
    },
    /// The bytes of a segment lie beyond the end of the file.
    #[error("the segment at {address:#x} has the bytes {offset:#x}+{in_file_bytes:#x} of a file of {file_bytes:#x}")]
    OutsideFile {
        /// Its first address.
        address: u64,
        /// Its offset in the file.
        offset: u64,
        /// Its size in the file.
        in_file_bytes: u64,
        /// The file's size.
        file_bytes: u64,
    },
    /// Two segments overlap or share a page, so they cannot have separate permissions.
    #[error("the segments at {previous:#x} and {address:#x} overlap or share a page")]
    SharesPage {
        /// First address of the later one in the file.
        address: u64,
        /// First address of the earlier one.
        previous: u64,
    },
    /// The segments are not in ascending order of address.
    #[error("the segment at {address:#x} comes after the one at {previous:#x}, but lies below")]
    OutOfOrder {
        /// First address of the later one in the file.
        address: u64,
        /// First address of the earlier one.
        previous: u64,
    },
    /// The entry point lies outside executable memory.
    #[error("the entry point {entry_point:#x} is in no executable segment")]
    EntryPoint {
        /// The entry point.
        entry_point: u64,
    },
    /// There are not enough free frames.
    #[error("it takes {pages} pages of memory, but only {free_frames} are free")]
    TooLarge {
        /// Number of pages to copy or zero.
        pages: u64,
        /// Number of free frames.
        free_frames: u64,
    },
}
