//! How a program calls the kernel: the numbers of the calls, their arguments and results, and their errors.
//!
//! A call takes seven registers: the number in `rax`, up to six arguments in `rdi`, `rsi`, `rdx`, `r10`, `r8` and `r9`. It
//! returns a status in `rax`, 0 or the number of a [`SyscallError`], and results in the others, from `rdi` on. What holds no
//! result keeps its value, but for `rcx` and `r11`, which the instruction `syscall` itself overwrites with the program's
//! own address and flags.
//!
//! A [`Request`] is what a program asks for, a [`Response`] what it gets. Both sides use these types; the kernel believes
//! nothing that [`Request::from_registers`] has not checked.
//!
//! ```
//! use syscall_abi::{Registers, Request, Response, SyscallError};
//!
//! let request = Request::Map { size_bytes: 4096 };
//! let mut registers = request.to_registers();
//! // The kernel's side:
//! assert_eq!(Request::from_registers(&registers), Ok(request));
//! registers.set_outcome(Ok(Response::Mapped { address: 0x1000_0000 }));
//! // The program's:
//! assert_eq!(registers.outcome(&request), Ok(Response::Mapped { address: 0x1000_0000 }));
//! ```
#![no_std]
#![forbid(unsafe_code)]

mod description;
mod error;
mod log_level;
mod number;
mod registers;
mod request;
mod response;

pub use description::{CallDescription, DESCRIPTIONS};
pub use error::SyscallError;
pub use log_level::LogLevel;
pub use number::SyscallNumber;
pub use registers::Registers;
pub use request::Request;
pub use response::Response;

/// The version of all this. It changes when a call changes its meaning or goes; a new call changes nothing for those who do
/// not use it.
pub const VERSION: u64 = 1;

/// Bytes of text that one call may log.
pub const MAX_LOG_BYTES: usize = 4096;
