//! Formatted text.

use crate::line_buffer;
use core::fmt::{self, Write};

/// Where formatted text goes.
struct Printer;

impl Write for Printer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        line_buffer::add(text);
        Ok(())
    }
}

/// Writes text to the kernel's log: what [`crate::print!`] calls.
pub fn print(text: fmt::Arguments<'_>) {
    // The printer never fails; a value's `Display` that says it failed has been printed as far as it went.
    let _nothing_to_do = Printer.write_fmt(text);
}
