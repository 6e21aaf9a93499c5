//! The line that is being put together: the kernel gets whole lines, or what fits.

use crate::syscalls;
use arrayvec::ArrayString;
use core::cell::RefCell;
use syscall_abi::LogLevel;

/// Bytes of a line that are sent in one go.
const CAPACITY: usize = 1024;

/// The line.
static LINE: OneThread<RefCell<ArrayString<CAPACITY>>> = OneThread(RefCell::new(ArrayString::new_const()));

/// A value of a program, which is one thread.
struct OneThread<Value>(Value);

// SAFETY: No second thread is there to share it with, nor anything that interrupts the first.
unsafe impl<Value> Sync for OneThread<Value> {}

/// Adds text, and sends each line that it ends.
pub(crate) fn add(text: &str) {
    for piece in text.split_inclusive('\n') {
        add_piece(piece);
        if piece.ends_with('\n') {
            flush();
        }
    }
}

/// Sends what there is.
pub(crate) fn flush() {
    // Somebody who panics in the middle of `add` comes here too.
    if let Ok(mut line) = LINE.0.try_borrow_mut() {
        // It is no longer than the kernel takes.
        let _sent = syscalls::log(LogLevel::Info, &line);
        line.clear();
    }
}

/// Adds text without an end of a line within.
fn add_piece(mut text: &str) {
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
