//! The system calls as functions.

use crate::syscall::syscall;
use core::hint;
use syscall_abi::{LogLevel, Registers, Request, Response, SyscallError};

/// Returns the version of the kernel's interface if a call with this number exists.
pub fn exists(number: u64) -> Option<u64> {
    match safe_call(Request::Exists { number }) {
        Ok(Response::Exists { exists: true, version }) => Some(version),
        _ => None,
    }
}

/// Ends the program at once.
pub(crate) fn end(code: u64) -> ! {
    loop {
        let _does_not_return = safe_call(Request::Exit { code });
        hint::spin_loop();
    }
}

/// Writes a text of at most [`syscall_abi::MAX_LOG_BYTES`] to the kernel's log.
///
/// # Errors
/// [`SyscallError::TooLong`].
pub fn log(level: LogLevel, text: &str) -> Result<(), SyscallError> {
    let request = Request::Log {
        level,
        address: text.as_ptr().addr() as u64,
        length_bytes: text.len() as u64,
    };
    safe_call(request).map(drop)
}

/// Returns each value plus one, computed by the kernel.
///
/// # Errors
/// None that a kernel of this version has.
pub fn echo(values: [u64; 6]) -> Result<[u64; 6], SyscallError> {
    match safe_call(Request::Echo { values })? {
        Response::Echo { values } => Ok(values),
        _ => Err(SyscallError::UnknownNumber),
    }
}

/// Returns the nanoseconds since the kernel's clock was started.
///
/// # Errors
/// None that a kernel of this version has.
pub fn now() -> Result<u64, SyscallError> {
    match safe_call(Request::Now)? {
        Response::Now { ns } => Ok(ns),
        _ => Err(SyscallError::UnknownNumber),
    }
}

/// Lets other programs run.
pub fn yield_now() {
    // `yield_now` has no errors.
    let _done = safe_call(Request::YieldNow);
}

/// Maps zeroed memory, rounded up to whole pages of 4 KiB. The first access to a page allocates its frame; if no memory is free
/// then, the kernel kills the program.
///
/// # Errors
/// [`SyscallError::OutOfMemory`], or [`SyscallError::BadArgument`] if the size is 0.
pub fn map(size_bytes: usize) -> Result<*mut u8, SyscallError> {
    let request = Request::Map {
        size_bytes: size_bytes as u64,
    };
    match safe_call(request)? {
        Response::Mapped { address } => {
            let address = usize::try_from(address).map_err(|_| SyscallError::OutOfMemory)?;
            Ok(core::ptr::with_exposed_provenance_mut(address))
        }
        _ => Err(SyscallError::UnknownNumber),
    }
}

/// Unmaps pages that [`map`] mapped.
///
/// # Errors
/// [`SyscallError::NotMapped`] if not all of the pages were mapped so, [`SyscallError::BadArgument`] if the size is 0 or the
/// address not page-aligned, and [`SyscallError::OutOfMemory`] if too many (some thousand) separate mappings would remain. On an
/// error nothing is unmapped.
///
/// # Safety
///
/// The memory is not in use.
pub unsafe fn unmap(start: *mut u8, size_bytes: usize) -> Result<(), SyscallError> {
    let request = Request::Unmap {
        address: start.addr() as u64,
        size_bytes: size_bytes as u64,
    };
    // SAFETY: The caller's promise.
    unsafe { call(request) }.map(drop)
}

/// Makes a call that neither unmaps nor writes memory.
fn safe_call(request: Request) -> Result<Response, SyscallError> {
    debug_assert!(!matches!(request, Request::Unmap { .. }), "unmap is not safe to call");
    // SAFETY: The kernel only reads memory for the call.
    unsafe { call(request) }
}

/// Makes a call.
///
/// # Safety
///
/// As for [`syscall`].
unsafe fn call(request: Request) -> Result<Response, SyscallError> {
    let mut registers = request.to_registers().into();
    // SAFETY: The caller's promise.
    unsafe { syscall(&mut registers) };
    Registers::from(registers).outcome(&request)
}
