//! What a program for Limelight stands on: its entry point, its calls to the kernel, a heap, and [`println!`].
//!
//! ```ignore
//! #![no_std]
//! #![no_main]
//!
//! use program_runtime::{entry_point, println};
//!
//! entry_point!(main);
//!
//! /// Gets the text that the boot configuration says to the program. What it returns is the exit code.
//! fn main(arguments: &str) -> u64 {
//!     println!("Hello! I was told {arguments:?}");
//!     0
//! }
//! ```
//!
//! A program is one thread. `Box`, `Vec` and the like come from the crate `alloc`: their memory is mapped by the kernel as it is
//! asked for. A panic is logged, and ends the program with [`PANIC_EXIT_CODE`].
#![no_std]

#[cfg(target_os = "none")]
mod heap;
mod line_buffer;
mod panic;
mod print;
mod start;
mod syscall;
mod syscalls;

pub use panic::PANIC_EXIT_CODE;
pub use print::print;
pub use start::start;
pub use syscall::syscall;
pub use syscall_abi::{LogLevel, SyscallError};
pub use syscalls::{echo, exists, exit, log, map, now, unmap, yield_now};

/// Makes a function the program's beginning: `entry_point!(main);` with `fn main(arguments: &str) -> u64`.
#[macro_export]
macro_rules! entry_point {
    ($main:path) => {
        /// Where the kernel enters the program, with the place and the length of its arguments.
        #[unsafe(no_mangle)]
        extern "C" fn entry_point(arguments: *const u8, length_bytes: usize) -> ! {
            // SAFETY: The kernel has put that many bytes there, which nobody changes.
            unsafe { $crate::start(arguments, length_bytes, $main) }
        }
    };
}

/// Writes text to the kernel's log; a line of it appears there when it ends.
#[macro_export]
macro_rules! print {
    ($($text:tt)*) => { $crate::print(::core::format_args!($($text)*)) };
}

/// Writes a line to the kernel's log.
#[macro_export]
macro_rules! println {
    () => { $crate::print!("\n") };
    ($($text:tt)*) => { $crate::print(::core::format_args!("{}\n", ::core::format_args!($($text)*))) };
}
