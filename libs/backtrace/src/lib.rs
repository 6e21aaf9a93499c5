//! The hardware-free half of a backtrace: where a stack's frames return to, and what the functions there are called.
//!
//! [`SymbolTable`] copies the function symbols out of an ELF file; [`FrameWalk`] follows the frame pointers of a stack.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod frame_walk;
mod function_symbols;
mod names;
mod symbol_table;
mod symbol_table_error;

pub use frame_walk::{FrameWalk, MAX_FRAMES};
pub use symbol_table::{Symbol, SymbolTable};
pub use symbol_table_error::SymbolTableError;
