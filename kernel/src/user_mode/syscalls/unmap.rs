//! Memory that a program gives back.

use super::{super::Program, let_interrupts_in};
use crate::memory::user_address_space::UserMemoryError;
use memory_ranges::PAGE_BYTES;
use syscall_abi::{Response, SyscallError};
use x86_64::VirtAddr;

/// Frees pages that [`super::map()`] has reserved.
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
