//! Reasons to reject a kernel file, with the facts that its author needs.

/// The reason why the file is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KernelElfError {
    /// Too short for an ELF header.
    #[error("the kernel file has only {size_bytes} bytes")]
    TooShort {
        /// Its size.
        size_bytes: usize,
    },
    /// No ELF magic, or an unknown version.
    #[error("the kernel file is not an ELF file (it starts with {magic:02x?})")]
    NotElf {
        /// Its first bytes.
        magic: [u8; 4],
    },
    /// 32-bit or big-endian.
    #[error("the kernel file is not a 64-bit little-endian ELF file (class {class}, data {data})")]
    NotElf64 {
        /// ELF's class byte.
        class: u8,
        /// ELF's data byte.
        data: u8,
    },
    /// For another processor.
    #[error("the kernel file is not for x86-64 (machine {machine})")]
    Machine {
        /// ELF's machine number.
        machine: u16,
    },
    /// Not linked to fixed addresses.
    #[error("the kernel file is not an executable at fixed addresses (type {file_type}, wanted 2)")]
    FileType {
        /// ELF's type number.
        file_type: u16,
    },
    /// The program header table is not inside the file, or its entries have an unknown size.
    #[error("the kernel file's {count} program headers of {entry_size_bytes} bytes at {offset:#x} are not inside it")]
    ProgramHeaders {
        /// Their stated offset.
        offset: u64,
        /// Their number.
        count: u16,
        /// Size of each.
        entry_size_bytes: u16,
    },
    /// Nothing to load.
    #[error("the kernel file has no loadable segment")]
    NoSegment,
    /// More than [`super::SEGMENT_LIMIT`].
    #[error("the kernel file has more than 16 loadable segments")]
    TooManySegments,
    /// Larger in the file than in memory.
    #[error(
        "the segment at {address:#x} has {file_size_bytes} bytes in the file but only {memory_size_bytes} in memory"
    )]
    LargerInFile {
        /// Its first address.
        address: u64,
        /// Its size in the file.
        file_size_bytes: u64,
        /// Its size in memory.
        memory_size_bytes: u64,
    },
    /// The file ends before the segment does.
    #[error(
        "the kernel file is incomplete: the segment at {address:#x} needs bytes {offset:#x}+{file_size_bytes:#x} of {file_bytes:#x}"
    )]
    CutShort {
        /// Its first address.
        address: u64,
        /// Offset of its bytes in the file.
        offset: u64,
        /// Their number.
        file_size_bytes: u64,
        /// Size of the file.
        file_bytes: usize,
    },
    /// Not in the top 2 GiB, or extending into the last page.
    #[error("the segment at {address:#x} ({memory_size_bytes:#x} bytes) is not in the top 2 GiB")]
    OutsideTopTwoGib {
        /// Its first address.
        address: u64,
        /// Its size in memory.
        memory_size_bytes: u64,
    },
    /// Two segments share a page, so they cannot have separate permissions.
    #[error("the segments at {first:#x} and {second:#x} overlap or share a page")]
    Overlap {
        /// First address of the lower one.
        first: u64,
        /// First address of the higher one.
        second: u64,
    },
    /// The entry point is not in an executable segment.
    #[error("the entry point {entry:#x} is in no executable segment")]
    Entry {
        /// The entry point.
        entry: u64,
    },
}

/// The block of memory for the image has the wrong size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the kernel needs {needed_bytes} bytes of memory, not {given_bytes}")]
pub struct ImageSizeMismatch {
    /// Size of the image.
    pub needed_bytes: u64,
    /// Size of the block.
    pub given_bytes: usize,
}
