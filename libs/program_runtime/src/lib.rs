//! Runtime library for programs of Limelight: entry point, system calls, heap, and [`println!`].
//!
//! ```ignore
//! #![no_std]
//! #![no_main]
//!
//! use program_runtime::{entry_point, println};
//!
//! entry_point!(main);
//!
//! /// Gets the arguments from the boot configuration, and returns the exit code.
//! fn main(arguments: &str) -> u64 {
//!     println!("Hello! My arguments are {arguments:?}");
//!     0
//! }
//! ```
//!
//! A program has one thread. `Box`, `Vec` and the like come from the crate `alloc`; the kernel maps their memory on demand. A panic
//! is logged, and ends the program with [`PANIC_EXIT_CODE`].
#![no_std]

#[cfg(target_os = "none")]
mod heap;
mod print;
mod start;
mod syscall;
mod syscalls;

pub use print::print;
pub use start::{PANIC_EXIT_CODE, exit, start};
pub use syscall::syscall;
pub use syscall_abi::{LogLevel, SyscallError};
pub use syscalls::{echo, exists, log, map, now, unmap, yield_now};

/// Makes a function the program's entry point: `entry_point!(main);` with `fn main(arguments: &str) -> u64`.
#[macro_export]
macro_rules! entry_point {
    ($main:path) => {
        /// First function of the program. The kernel passes the address and the length of the arguments.
        #[unsafe(no_mangle)]
        extern "C" fn entry_point(arguments: *const u8, length_bytes: usize) -> ! {
            // SAFETY: The kernel has put this many bytes at this address, and nothing changes them.
            unsafe { $crate::start(arguments, length_bytes, $main) }
        }
    };
}

/// Writes text to the kernel's log. A line is sent when it ends.
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
