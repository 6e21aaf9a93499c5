//! Start and end of a program.

use crate::{print, syscalls};

/// The exit code of a program that panics.
pub const PANIC_EXIT_CODE: u64 = 99;

/// Calls `main` with the program's arguments, and ends the program with the code that `main` returns. Arguments that are not UTF-8
/// are replaced by an empty string.
///
/// # Safety
///
/// `length_bytes` bytes at `arguments` can be read and do not change.
pub unsafe fn start(arguments: *const u8, length_bytes: usize, main: fn(&str) -> u64) -> ! {
    // SAFETY: The caller's promise.
    let bytes = unsafe { core::slice::from_raw_parts(arguments, length_bytes) };
    exit(main(core::str::from_utf8(bytes).unwrap_or_default()))
}

/// Ends the program with an exit code; 0 means success.
pub fn exit(code: u64) -> ! {
    print::flush();
    syscalls::end(code)
}

/// Logs the panic and ends the program.
#[cfg(target_os = "none")]
#[panic_handler]
fn rust_panic(info: &core::panic::PanicInfo<'_>) -> ! {
    use core::fmt::Write;

    print::flush();
    let mut message = arrayvec::ArrayString::<1024>::new();
    if write!(message, "{info}").is_ok() {
        // The kernel accepts texts of this length.
        let _sent = syscalls::log(syscall_abi::LogLevel::Error, &message);
    } else {
        // A message that does not fit is sent in pieces.
        print(format_args!("{info}\n"));
    }
    exit(PANIC_EXIT_CODE)
}
