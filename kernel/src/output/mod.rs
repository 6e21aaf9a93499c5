//! Output of the kernel: the log on the serial port and the screen, and the report of a panic.

pub mod backtrace;
pub mod debug_console;
mod display_data;
mod late_lines;
mod line_head;
mod line_lock;
pub mod logger;
pub mod panic_handler;
mod qemu_exit;
mod serial_port;
mod uart_registers;
mod writer_with_cr;

pub use qemu_exit::{ExitCode, exit_qemu};
pub use serial_port::LineSettings;
pub use uart_registers::{UartAccess, UartPlace, UartRegisters};
