//! Telling QEMU's host how a program ended, on a channel that no program can write to: port 0xe9, QEMU's `isa-debugcon`. The
//! runner reads it (`--exit-with-program`).

use super::ProgramEnd;
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

/// Tells how a program ended: `program exited CODE` or `program killed`, on a line of its own.
pub fn report_end(end: &ProgramEnd) {
    match end {
        ProgramEnd::Exited { code } => report(format_args!("program exited {code}")),
        ProgramEnd::Killed(_) => report(format_args!("program killed")),
    }
}

/// Tells that a program was not started: `program refused`.
pub fn report_refusal() {
    report(format_args!("program refused"));
}

/// Tells it.
fn report(line: fmt::Arguments<'_>) {
    if let Some(mut console) = DebugConsole::find() {
        // Writing there never fails.
        let _infallible = writeln!(console, "{line}");
    }
}
