//! Turns the registers of a system call into a request, dispatches it, and stores the outcome in the registers.

use super::{Program, syscalls};
use syscall_abi::{Registers, Request, Response, SyscallError};

/// Handles a system call. Returns the exit code if the call was `exit`.
#[inline]
pub(super) fn syscall_handler(program: &mut Program) -> Option<u64> {
    let mut registers = Registers::from(program.context.call_registers());
    let outcome = match Request::from_registers(&registers) {
        Ok(Request::Exit { code }) => return Some(code),
        Ok(request) => dispatch(program, request),
        Err(error) => Err(error),
    };
    registers.set_outcome(outcome);
    match outcome {
        // Only the status changes.
        Ok(Response::Done) | Err(_) => program.context.set_rax(registers.rax),
        Ok(_) => program.context.set_call_registers(registers.into()),
    }
    None
}

#[inline]
fn dispatch(program: &mut Program, request: Request) -> Result<Response, SyscallError> {
    match request {
        // The caller handles `exit`.
        Request::Exit { .. } => Ok(Response::Done),
        Request::Exists { number } => Ok(syscalls::exists(number)),
        Request::Log {
            level,
            address,
            length_bytes,
        } => syscalls::log(program, level, address, length_bytes),
        Request::Echo { values } => Ok(syscalls::echo(values)),
        Request::Now => Ok(syscalls::now()),
        Request::YieldNow => Ok(syscalls::yield_now()),
        Request::Map { size_bytes } => syscalls::map(program, size_bytes),
        Request::Unmap { address, size_bytes } => syscalls::unmap(program, address, size_bytes),
    }
}
