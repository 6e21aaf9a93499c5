//! Reports to QEMU's host how a program ended, on the port that no program can write to. The runner parses these lines.

use super::ProgramEnd;
use crate::output::debug_console;

/// Reports how a program ended: `program exited CODE` or `program killed`.
pub fn report_end(end: &ProgramEnd) {
    match end {
        ProgramEnd::Exited { code } => debug_console::tell(format_args!("program exited {code}")),
        ProgramEnd::Killed(_) => debug_console::tell(format_args!("program killed")),
    }
}

/// Reports that a program was not started: `program refused`.
pub fn report_refusal() {
    debug_console::tell(format_args!("program refused"));
}
