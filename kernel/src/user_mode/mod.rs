//! Programs: loading them, running them in ring 3, and serving them.
//!
//! ```text
//! ProgramImage   a module's file, checked, with what is needed of it kept: may be started many times
//! Program        one run of it: address space, registers, and the loop that runs it until it ends
//! syscalls       what a program can ask for
//! ```
//!
//! No stack belongs to a program: to enter user mode is a call that returns ([`enter_user_mode`]). Whatever a program does, at
//! most it is killed.

mod end_report;
pub mod enter_user_mode;
mod kill_reason;
mod program;
mod program_end;
mod program_image;
mod run_program_0;
mod syscall_handler;
pub mod syscall_setup;
mod syscalls;
mod user_backtrace;
mod vector_state;

pub use end_report::{report_end, report_refusal};
pub use kill_reason::KillReason;
pub use program::{Program, StartProgramError, run_to_its_end};
pub use program_end::ProgramEnd;
pub use program_image::{ProgramImage, ProgramImageError};
pub use run_program_0::run_program_0;
