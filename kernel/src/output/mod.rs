//! Everything the kernel says: the log, on serial port and screen, and the last words of a panic.

pub mod backtrace;
mod display_data;
mod line_buffer;
mod line_lock;
pub mod logger;
pub mod panic_handler;
mod qemu_exit;
mod serial_port;
mod writer_with_cr;

pub use qemu_exit::{ExitCode, exit_qemu};
