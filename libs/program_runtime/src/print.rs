//! Writes formatted text to the kernel's log, in whole lines, or in pieces of [`CAPACITY`] bytes if a line is longer.

use crate::syscalls;
use arrayvec::ArrayString;
use core::{
    cell::RefCell,
    fmt::{self, Write},
};
use syscall_abi::LogLevel;

/// Maximum number of bytes that are sent at once.
const CAPACITY: usize = 1024;

/// The text that is not sent yet.
static LINE: OneThread<RefCell<ArrayString<CAPACITY>>> = OneThread(RefCell::new(ArrayString::new_const()));

/// A global value of a program with one thread.
struct OneThread<Value>(Value);

// SAFETY: There is no second thread, and nothing interrupts the first.
unsafe impl<Value> Sync for OneThread<Value> {}

/// Adds text to [`LINE`].
struct Printer;

/// Writes text to the kernel's log. For [`crate::print!`].
pub fn print(text: fmt::Arguments<'_>) {
    // The printer never fails. If the `Display` of a value fails, what it wrote before stays.
    let _infallible = Printer.write_fmt(text);
}

impl Write for Printer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for piece in text.split_inclusive('\n') {
            add(piece);
            if piece.ends_with('\n') {
                flush();
            }
        }
        Ok(())
    }
}

/// Sends the text of [`LINE`].
pub(crate) fn flush() {
    // Borrowed if a panic interrupted `add`.
    if let Ok(mut line) = LINE.0.try_borrow_mut() {
        // The kernel accepts texts of this length.
        let _sent = syscalls::log(LogLevel::Info, &line);
        line.clear();
    }
}

/// Adds text to [`LINE`]. A line feed may only be its last character.
fn add(mut text: &str) {
    while !text.is_empty() {
        let Ok(mut line) = LINE.0.try_borrow_mut() else { return };
        let (fitting, rest) = text.split_at(text.floor_char_boundary(line.remaining_capacity()));
        line.push_str(fitting);
        drop(line);
        text = rest;
        if !text.is_empty() {
            flush();
        }
    }
}
