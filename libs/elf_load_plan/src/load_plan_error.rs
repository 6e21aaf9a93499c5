//! Why a file is refused, with the facts that its author needs.

use crate::{ElfSegmentFlags, PROGRAM_HEADER_LIMIT};
use thiserror::Error;

/// Why a file is refused. Numbers are as the file has them; segments are named by their first address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LoadPlanError {
    /// It ends before its header does.
    #[error("the file has only {file_bytes} bytes, less than an ELF header")]
    TooShort {
        /// Its size.
        file_bytes: usize,
    },
    /// It begins with other bytes than an ELF file.
    #[error("it is no ELF file: it begins with {magic:02x?}")]
    NotElf {
        /// Its first bytes.
        magic: [u8; 4],
    },
    /// It is for 32-bit machines, or says nonsense.
    #[error("its class is {class}, not 2 (64 bits)")]
    Class {
        /// The class.
        class: u8,
    },
    /// Its numbers begin with their highest byte, or it says nonsense.
    #[error("its byte order is {byte_order}, not 1 (the lowest byte first)")]
    ByteOrder {
        /// The byte order.
        byte_order: u8,
    },
    /// It is of a version of ELF that does not exist.
    #[error("its version of ELF is {version}, not 1")]
    Version {
        /// The version, in the identification or in the header.
        version: u32,
    },
    /// It asks for the conventions of another system than System V, with or without GNU's additions.
    #[error("it is for another system: its ABI is {os_abi}, version {abi_version}, not 0 or 3, version 0")]
    OtherSystem {
        /// The system.
        os_abi: u8,
        /// The version of that system's conventions.
        abi_version: u8,
    },
    /// It is for another processor.
    #[error("its machine is {machine}, not 62 (x86-64)")]
    Machine {
        /// The machine.
        machine: u16,
    },
    /// It is no program for fixed addresses.
    #[error("its type is {file_type}, not 2 (a program for fixed addresses)")]
    FileType {
        /// The type. 3 is a library, or a program for any address.
        file_type: u16,
    },
    /// Its header has another size than headers of its class have.
    #[error("its header says that it is {size_bytes} bytes long, not 64")]
    HeaderSize {
        /// The size.
        size_bytes: u16,
    },
    /// Its program headers have another size than those of its class have.
    #[error("its program headers are {size_bytes} bytes long, not 56")]
    ProgramHeaderSize {
        /// The size.
        size_bytes: u16,
    },
    /// It has no program headers.
    #[error("it has no program headers")]
    NoProgramHeaders,
    /// It has more than [`PROGRAM_HEADER_LIMIT`], or says that their count stands elsewhere.
    #[error("it has {count} program headers, more than {PROGRAM_HEADER_LIMIT}")]
    TooManyProgramHeaders {
        /// How many; 65535 says that the count stands elsewhere.
        count: u16,
    },
    /// The program headers lie in the file's header, or past its end.
    #[error("its {count} program headers at {offset:#x} are not between its header and its end at {file_bytes:#x}")]
    ProgramHeadersMisplaced {
        /// Where they begin in the file.
        offset: u64,
        /// How many there are.
        count: u16,
        /// The file's size.
        file_bytes: usize,
    },
    /// It wants another program to load it.
    #[error("it needs an interpreter")]
    Interpreter,
    /// It wants to be linked when it is loaded.
    #[error("it needs a dynamic linker")]
    Dynamic,
    /// It has variables of which each thread has its own.
    #[error("it needs thread-local storage")]
    ThreadLocalStorage,
    /// It wants to run code on its stack.
    #[error("it needs an executable stack")]
    ExecutableStack,
    /// It has nothing to load.
    #[error("it has no segment to load")]
    NoSegment,
    /// It has more segments to load than a plan takes.
    #[error("it has more than {limit} segments to load")]
    TooManySegments {
        /// How many are allowed.
        limit: usize,
    },
    /// A segment could be changed and then run.
    #[error("the segment at {address:#x} is writable and executable ({flags})")]
    WritableAndExecutable {
        /// Where it begins.
        address: u64,
        /// What the program asks for.
        flags: ElfSegmentFlags,
    },
    /// Nothing may be done with a segment.
    #[error("the segment at {address:#x} is neither readable nor writable nor executable")]
    NoPermissions {
        /// Where it begins.
        address: u64,
    },
    /// A segment has more bytes in the file than in memory.
    #[error("the segment at {address:#x} has {in_file_bytes:#x} bytes in the file, but {in_memory_bytes:#x} in memory")]
    LargerInFile {
        /// Where it begins.
        address: u64,
        /// Its size in the file.
        in_file_bytes: u64,
        /// Its size in memory.
        in_memory_bytes: u64,
    },
    /// A segment's alignment is none.
    #[error("the alignment of the segment at {address:#x} is {alignment_bytes:#x}, no power of two")]
    Alignment {
        /// Where it begins.
        address: u64,
        /// Its alignment.
        alignment_bytes: u64,
    },
    /// A segment's bytes do not lie in the file as they do in memory.
    #[error("the segment at {address:#x} is at {offset:#x} in the file, not congruent modulo {alignment_bytes:#x}")]
    Misaligned {
        /// Where it begins.
        address: u64,
        /// Where it begins in the file.
        offset: u64,
        /// Its alignment, at least that of a page.
        alignment_bytes: u64,
    },
    /// A segment runs past the last of all addresses.
    #[error("the segment at {address:#x} of {in_memory_bytes:#x} bytes wraps around")]
    WrapsAround {
        /// Where it begins.
        address: u64,
        /// Its size in memory.
        in_memory_bytes: u64,
    },
    /// A segment is not where programs may be: in page 0, in the last page of the lower half, in the upper half, or where
    /// else the kernel does not want it.
    #[error("the segment at {address:#x} up to {end:#x} is not inside {area_start:#x} up to {area_end:#x}")]
    OutsideArea {
        /// Where it begins.
        address: u64,
        /// The address behind it.
        end: u64,
        /// The first address that is allowed.
        area_start: u64,
        /// The address behind the last one.
        area_end: u64,
    },
    /// A segment is where the stack or its guard will be.
    #[error("the segment at {address:#x} up to {end:#x} overlaps the stack at {stack_start:#x} up to {stack_end:#x}")]
    OverlapsStack {
        /// Where it begins.
        address: u64,
        /// The address behind it.
        end: u64,
        /// The first address of the stack's guard.
        stack_start: u64,
        /// The address behind the stack.
        stack_end: u64,
    },
    /// A segment's bytes are not in the file.
    #[error("the segment at {address:#x} has the bytes {offset:#x}+{in_file_bytes:#x} of a file of {file_bytes:#x}")]
    OutsideFile {
        /// Where it begins.
        address: u64,
        /// Where it begins in the file.
        offset: u64,
        /// How many bytes it has there.
        in_file_bytes: u64,
        /// The file's size.
        file_bytes: u64,
    },
    /// Two segments overlap, or lie in one page, where they could not have permissions of their own.
    #[error("the segments at {previous:#x} and {address:#x} overlap or share a page")]
    SharesPage {
        /// Where the later one in the file begins.
        address: u64,
        /// Where the one before begins.
        previous: u64,
    },
    /// The segments do not ascend by address.
    #[error("the segment at {address:#x} comes after the one at {previous:#x}, but lies below")]
    OutOfOrder {
        /// Where the later one in the file begins.
        address: u64,
        /// Where the one before begins.
        previous: u64,
    },
    /// The program would begin outside of its code.
    #[error("the entry point {entry_point:#x} is in no executable segment")]
    EntryPoint {
        /// Where it would begin.
        entry_point: u64,
    },
    /// There is not enough memory.
    #[error("it takes {pages} pages of memory, but only {free_frames} are free")]
    TooLarge {
        /// How many pages would be copied or zeroed.
        pages: u64,
        /// How many frames may be taken.
        free_frames: u64,
    },
}
