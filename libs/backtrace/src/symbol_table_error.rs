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
    /// Searching it would take too long.
    #[error("the ELF file has {count} {of}, and may have {limit}")]
    TooMany {
        /// What there is too much of: sections or symbols.
        of: &'static str,
        /// How many there are.
        count: usize,
        /// How many are accepted.
        limit: usize,
    },
}
