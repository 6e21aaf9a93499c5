//! The hardware-free half of a backtrace: where a stack's frames return to, and what the functions there are called.
//!
//! Three parts: [`SymbolTable`] searches the function symbols of an ELF file; [`FrameWalk`] follows the frame pointers
//! of a stack; [`FrameLine`] prints a frame with its function's readable name.
//!
//! What always holds: nothing allocates, and all ends after a bounded number of steps, whatever the file and the stack hold:
//! it runs when the kernel panics, also because its heap is broken.
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
