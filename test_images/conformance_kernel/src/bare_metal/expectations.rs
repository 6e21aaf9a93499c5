//! What the command line says about this boot, for the tests that take something away.
//!
//! - `require=a,b`: these have to be there, else one is told by an `info` line only;
//! - `forbid=a,b`: these must not be there;
//! - `firmware=bios|uefi`, `cpus=N`, `module_string=TEXT`, `date_between=FROM,TO` (seconds since 1970).

use super::report::Report;

/// The words of the command line that concern us.
#[derive(Clone, Copy)]
pub(super) struct Expectations<'a> {
    /// The whole command line.
    command_line: &'a str,
}

impl<'a> Expectations<'a> {
    /// Takes the words when they are asked for.
    pub(super) fn from_command_line(command_line: &'a str) -> Self {
        Self { command_line }
    }

    /// Text after `key=`.
    pub(super) fn value(&self, key: &str) -> Option<&'a str> {
        self.command_line
            .split_ascii_whitespace()
            .find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    }

    /// Number after `key=`.
    pub(super) fn number(&self, key: &str) -> Option<u64> {
        self.value(key)?.parse().ok()
    }

    /// Two numbers after `key=`.
    pub(super) fn range(&self, key: &str) -> Option<(u64, u64)> {
        let (from, to) = self.value(key)?.split_once(',')?;
        Some((from.parse().ok()?, to.parse().ok()?))
    }

    /// Reports whether `what` is there: a check when the command line speaks of it, an information when not.
    pub(super) fn report_presence(&self, report: &mut Report, what: &str, is_present: bool) {
        let lists = |key| {
            self.value(key)
                .is_some_and(|list| list.split(',').any(|name| name == what))
        };
        let found = if is_present { "present" } else { "absent" };
        match (lists("require"), lists("forbid")) {
            (true, _) => report.holds("presence", is_present, "present", found),
            (_, true) => report.holds("presence", !is_present, "absent", found),
            _ => report.info("presence", found),
        }
    }
}
