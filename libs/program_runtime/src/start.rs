//! From the entry point to `main`.

use crate::syscalls::exit;

/// Calls `main` with the program's arguments, and ends the program with what it returns. Arguments that are not UTF-8 are left out.
///
/// # Safety
///
/// So many bytes are there, and nobody changes them.
pub unsafe fn start(arguments: *const u8, length_bytes: usize, main: fn(&str) -> u64) -> ! {
    // SAFETY: The caller's promise.
    let bytes = unsafe { core::slice::from_raw_parts(arguments, length_bytes) };
    exit(main(core::str::from_utf8(bytes).unwrap_or_default()))
}
