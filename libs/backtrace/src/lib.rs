//! The hardware-free half of a backtrace: where a stack's frames return to, and what the functions there are called.
//!
//! [`SymbolTable`] copies the function symbols out of an ELF file.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod function_symbols;
mod names;
mod symbol_table;
mod symbol_table_error;

pub use symbol_table::{Symbol, SymbolTable};
pub use symbol_table_error::SymbolTableError;
