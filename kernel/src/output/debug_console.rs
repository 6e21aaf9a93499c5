//! Telling QEMU's host what no program can say: lines at port 0xe9, which is QEMU's device `isa-debugcon`. The runner reads them
//! (`--exit-with-program`).
//!
//! No program can write there: its I/O privilege level is 0, and no processor's TSS has a map of permitted ports.

use core::fmt::{self, Write};
use x86_64::instructions::port::Port;

/// The port. Reading it gives its own number where the device is.
const PORT: u16 = 0xe9;

/// The device.
struct DebugConsole(Port<u8>);

impl DebugConsole {
    /// The device, where there is one.
    fn find() -> Option<Self> {
        let mut port = Port::new(PORT);
        // SAFETY: On a PC nothing else is there, and reading what is not there gives 0xff.
        let answer: u8 = unsafe { port.read() };
        (u16::from(answer) == PORT).then_some(Self(port))
    }
}

impl Write for DebugConsole {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            // SAFETY: The device takes any byte.
            unsafe { self.0.write(byte) };
        }
        Ok(())
    }
}

/// Tells it, on a line of its own: what another processor was stopped in the middle of stays a line that says nothing.
pub fn tell(line: fmt::Arguments<'_>) {
    if let Some(mut console) = DebugConsole::find() {
        // Writing there never fails.
        let _infallible = write!(console, "\n{line}\n");
    }
}
