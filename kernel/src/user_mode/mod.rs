//! Programs: loads them, runs them in ring 3, and carries out their system calls.
//!
//! ```text
//! ProgramImage   a module's validated file: can be started many times
//! Program        one run of an image: address space, registers, and the loop that runs the program until it ends
//! syscalls       the system calls
//! ```
//!
//! A program has no kernel stack of its own: entering user mode is a call that returns ([`enter_user_mode`]). A program that
//! breaks a rule is killed; the kernel and other programs continue.

pub mod enter_user_mode;
mod program;
mod program_end;
mod program_image;
mod run_program_0;
mod syscall_handler;
pub mod syscall_setup;
mod syscalls;
mod user_backtrace;
mod vector_state;

pub use program::{Program, StartProgramError, run_to_its_end};
pub use program_end::{KillReason, ProgramEnd, report_end, report_refusal};
pub use program_image::{ProgramImage, ProgramImageError};
pub use run_program_0::run_program_0;
