//! Backtraces without hardware access: finds the return addresses on a stack, and the names of their functions.
//!
//! [`SymbolTable`] searches the function symbols of an ELF file; [`FrameWalk`] follows the frame pointers of a stack;
//! [`FrameLine`] prints a frame with its function's readable name.
//!
//! What always holds: nothing allocates, and every operation ends after a bounded number of steps, for any file and any stack.
//! The panic handler needs this: the heap may be corrupt.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate alloc;

mod frame_line;
mod frame_walk;
mod shallow_name;
mod symbol_table;
mod symbol_table_error;

pub use frame_line::{FrameLine, MAX_NAME_BYTES, NameOrigin};
pub use frame_walk::{FrameWalk, MAX_FRAMES};
pub use symbol_table::{MAX_NAME_LENGTH, Symbol, SymbolTable};
pub use symbol_table_error::SymbolTableError;
