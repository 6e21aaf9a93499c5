//! Why a file gave no symbol table.

use elf::ParseError;
use thiserror::Error;

/// Why a file gave no symbol table.
#[derive(Debug, Error)]
pub enum SymbolTableError {
    /// It is no ELF file of the machine's byte order, or its headers contradict themselves or the file's size.
    #[error("the ELF file is malformed: {problem}")]
    Malformed {
        /// What is wrong.
        #[from]
        problem: ParseError,
    },
    /// It is an ELF file for 32-bit machines.
    #[error("the ELF file is not of the 64-bit class")]
    Not64Bit,
    /// It was stripped of its symbols.
    #[error("the ELF file has no symbol table")]
    NoSymbols,
    /// A function's name begins or ends past the end of the string table.
    #[error("the name at {offset_bytes:#x} of the string table does not end in there")]
    NameOutsideTable {
        /// Where the name begins, counted from the beginning of the string table.
        offset_bytes: u32,
    },
    /// The names are longer in total than the file, which takes names that lie on top of each other.
    #[error("the names of the symbols take more than the {limit_bytes} bytes that the ELF file's size allows")]
    NamesTooLong {
        /// The file's size.
        limit_bytes: usize,
    },
    /// The copy would take more than it may.
    #[error("the symbols would take {needed_bytes} bytes, and may take {limit_bytes}")]
    TooLarge {
        /// What it would take, roughly.
        needed_bytes: usize,
        /// What it may take.
        limit_bytes: usize,
    },
    /// The heap has no room for the copy.
    #[error("the heap has no {size_bytes} bytes left for symbols")]
    OutOfMemory {
        /// The size of the piece that it could not give.
        size_bytes: usize,
    },
}
