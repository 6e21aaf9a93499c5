//! The interface between programs and the kernel: numbers, arguments, results and errors of the system calls.
//!
//! A call uses seven registers: the number in `rax`, and up to six arguments in `rdi`, `rsi`, `rdx`, `r10`, `r8` and `r9`. It
//! returns a status in `rax` (0 or the number of a [`SyscallError`]) and its results in the others, from `rdi` on. Registers
//! without a result keep their values, apart from `rcx` and `r11`: the instruction `syscall` overwrites them with the program's
//! address and flags.
//!
//! A [`Request`] is a call with its arguments, a [`Response`] its results. Both sides use these types. Registers of a program are
//! untrusted until [`Request::from_registers`] has validated them; addresses and lengths even after that.
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

/// Version of the interface. Changes when a call is removed or its meaning changes, but not when a call is added.
pub const VERSION: u64 = 1;

/// Maximum number of bytes of text that one call logs.
pub const MAX_LOG_BYTES: usize = 4096;
