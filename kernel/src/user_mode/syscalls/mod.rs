//! The system calls. Their arguments and results are in the library `syscall_abi`.
//!
//! To add a call: its number, request, response and description in `libs/syscall_abi`; a function here; an arm in
//! [`super::syscall_handler`]; a function in `libs/program_runtime`.

mod log;
mod memory;

pub(super) use log::log;
pub(super) use memory::{map, unmap};

use crate::platform::clock::Instant;
use syscall_abi::{Response, SyscallNumber, VERSION};
use x86_64::instructions::{interrupts, nop};

pub(super) fn exists(number: u64) -> Response {
    Response::Exists {
        exists: SyscallNumber::try_from(number).is_ok(),
        version: VERSION,
    }
}

pub(super) fn echo(values: [u64; 6]) -> Response {
    ::log::debug!("Inputs: {values:?}");
    Response::Echo {
        values: values.map(|value| value.wrapping_add(1)),
    }
}

pub(super) fn now() -> Response {
    Response::Now {
        ns: Instant::now().as_ns(),
    }
}

/// Does nothing: there are no other programs yet.
#[inline]
pub(super) fn yield_now() -> Response {
    Response::Done
}

/// Handles pending interrupts, for calls that take long.
pub(super) fn let_interrupts_in() {
    interrupts::enable();
    // The instruction after `sti` is not interrupted.
    nop();
    interrupts::disable();
}
