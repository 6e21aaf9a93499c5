//! The hardware-free half of a backtrace: where a stack's frames return to, and what the functions there are called.
//!
//! Three parts: [`SymbolTable`] copies the function symbols out of an ELF file; [`FrameWalk`] follows the frame pointers
//! of a stack; [`FrameLine`] prints a frame with its function's readable name.
//!
//! What always holds: only what makes a [`SymbolTable`] allocates, and it reports when it cannot. Looking up, walking and
//! printing take no memory and end after a bounded number of steps, whatever the file and the stack hold: they run when the
//! kernel panics.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod frame_line;
mod frame_walk;
mod function_symbols;
mod names;
mod shallow_name;
mod symbol_table;
mod symbol_table_error;

pub use frame_line::{FrameLine, MAX_NAME_BYTES, NameOrigin};
pub use frame_walk::{FrameWalk, MAX_FRAMES};
pub use symbol_table::{Symbol, SymbolTable};
pub use symbol_table_error::SymbolTableError;
