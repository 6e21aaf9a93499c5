//! Errors of reading a symbol table.

use elf::ParseError;
use thiserror::Error;

/// Why a file has no usable symbol table.
#[derive(Debug, Error)]
pub enum SymbolTableError {
    /// The file is not a little-endian ELF file, or its headers contradict each other or the file's size.
    #[error("the ELF file is malformed: {problem}")]
    Malformed {
        /// What is wrong.
        #[from]
        problem: ParseError,
    },
    /// The file is a 32-bit ELF file.
    #[error("the ELF file is not of the 64-bit class")]
    Not64Bit,
    /// The file has no symbols: it was stripped.
    #[error("the ELF file has no symbol table")]
    NoSymbols,
    /// The file has so many entries that lookups would take too long.
    #[error("the ELF file has {count} {of}; the maximum is {limit}")]
    TooMany {
        /// `sections` or `symbols`.
        of: &'static str,
        /// Number of entries.
        count: usize,
        /// Maximum number of entries.
        limit: usize,
    },
}
