//! The calls `map` and `unmap`: memory for a program.

use super::{super::Program, let_interrupts_in};
use crate::memory::user_address_space::UserMemoryError;
use memory_ranges::PAGE_BYTES;
use syscall_abi::{Response, SyscallError};
use x86_64::VirtAddr;

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

/// Frees pages that [`map`] has reserved.
pub(in super::super) fn unmap(program: &mut Program, address: u64, size_bytes: u64) -> Result<Response, SyscallError> {
    if size_bytes == 0 || !address.is_multiple_of(PAGE_BYTES) {
        return Err(SyscallError::BadArgument);
    }
    let start = VirtAddr::try_new(address).map_err(|_| SyscallError::NotMapped)?;
    let released = program.space.release(start, size_bytes, let_interrupts_in);
    released.map_err(|error| match error {
        UserMemoryError::OutOfMemory => SyscallError::OutOfMemory,
        _ => SyscallError::NotMapped,
    })?;
    Ok(Response::Done)
}
