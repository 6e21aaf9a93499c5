//! Memory for a program.

use super::super::Program;
use syscall_abi::{Response, SyscallError};

/// Reserves zeroed memory.
pub(in super::super) fn map(program: &mut Program, size_bytes: u64) -> Result<Response, SyscallError> {
    if size_bytes == 0 {
        return Err(SyscallError::BadArgument);
    }
    let start = program
        .space
        .reserve(size_bytes)
        .map_err(|_| SyscallError::OutOfMemory)?;
    Ok(Response::Mapped {
        address: start.as_u64(),
    })
}
