//! Messages of the runner, on standard error: standard output is the kernel's log.

use std::io::Write;

/// Writes a line. A closed terminal does not end the run.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
