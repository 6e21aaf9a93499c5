//! From the registers of a system call to the call, and back.

use super::{Program, syscalls};
use syscall_abi::{Registers, Request, Response, SyscallError};

/// Serves the call that a program has made. Returns its exit code, if its end was what it asked for.
#[inline]
pub(super) fn syscall_handler(program: &mut Program) -> Option<u64> {
    let mut registers = Registers::from(program.context.call_registers());
    let outcome = match Request::from_registers(&registers) {
        Ok(Request::Exit { code }) => return Some(code),
        Ok(request) => serve(program, request),
        Err(error) => Err(error),
    };
    registers.set_outcome(outcome);
    match outcome {
        // The rest is as it was.
        Ok(Response::Done) | Err(_) => program.context.set_rax(registers.rax),
        Ok(_) => program.context.set_call_registers(registers.into()),
    }
    None
}

/// Serves a request that has an answer.
#[inline]
fn serve(program: &mut Program, request: Request) -> Result<Response, SyscallError> {
    match request {
        // It has no answer.
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
