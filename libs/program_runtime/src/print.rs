//! Formatted text for the kernel's log. The kernel gets whole lines, or as much of a line as the buffer holds.

use crate::syscalls;
use arrayvec::ArrayString;
use core::{
    cell::RefCell,
    fmt::{self, Write},
};
use syscall_abi::LogLevel;

/// Maximum number of bytes that are sent at once.
const CAPACITY: usize = 1024;

/// The line that is not sent yet.
static LINE: OneThread<RefCell<ArrayString<CAPACITY>>> = OneThread(RefCell::new(ArrayString::new_const()));

/// A value of a program that has one thread.
struct OneThread<Value>(Value);

// SAFETY: There is no second thread, and nothing interrupts the first.
unsafe impl<Value> Sync for OneThread<Value> {}

/// Adds text to the line.
struct Printer;

/// Writes text to the kernel's log: what [`crate::print!`] calls.
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

/// Sends the line as far as it is written.
pub(crate) fn flush() {
    // A panic in the middle of `add` comes here too.
    if let Ok(mut line) = LINE.0.try_borrow_mut() {
        // The kernel accepts texts of this length.
        let _sent = syscalls::log(LogLevel::Info, &line);
        line.clear();
    }
}

/// Adds text that has no end of a line, but perhaps as its last character.
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
