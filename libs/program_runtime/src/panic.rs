//! The end of a program that panics.

/// The exit code of a program that panics.
pub const PANIC_EXIT_CODE: u64 = 99;

/// Logs what happened, and ends the program.
#[cfg(target_os = "none")]
#[panic_handler]
fn rust_panic(info: &core::panic::PanicInfo<'_>) -> ! {
    use crate::{line_buffer, print::print, syscalls};
    use core::fmt::Write;

    line_buffer::flush();
    let mut message = arrayvec::ArrayString::<1024>::new();
    if write!(message, "{info}").is_ok() {
        // It is no longer than the kernel takes.
        let _sent = syscalls::log(syscall_abi::LogLevel::Error, &message);
    } else {
        // A message that does not fit is sent in pieces.
        print(format_args!("{info}\n"));
    }
    syscalls::exit(PANIC_EXIT_CODE)
}
