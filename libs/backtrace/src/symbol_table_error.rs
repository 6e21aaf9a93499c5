//! Errors of reading a symbol table.
#![allow(missing_docs, reason = "each error's text says what the error and its fields mean")]

use elf::ParseError;
use thiserror::Error;

/// Why a file has no usable symbol table.
#[derive(Debug, Error)]
pub enum SymbolTableError {
    #[error("the ELF file is malformed: {problem}")]
    Malformed {
        #[from]
        problem: ParseError,
    },
    #[error("the ELF file is not of the 64-bit class")]
    Not64Bit,
    #[error("the ELF file has no symbol table")]
    NoSymbols,
    #[error("the ELF file has {count} {of}; the maximum is {limit}")]
    TooMany {
        /// `sections` or `symbols`.
        of: &'static str,
        count: usize,
        limit: usize,
    },
}
