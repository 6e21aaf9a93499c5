//! One line on COM1 for each check, and the count at the end.

use super::serial_port::{SerialPort, exit_qemu};
use core::fmt::{self, Display, Write};

/// Exit code for a run in which every check was ok.
const EXIT_PASS: u32 = 0x10;
/// Exit code for any other run.
const EXIT_FAIL: u32 = 0x11;

/// Counts what was checked and names it by the section that is being worked on.
pub(super) struct Report {
    /// Checks that held.
    ok: u32,
    /// Checks that did not.
    failed: u32,
    /// First part of every name, such as `memory_map`.
    section: &'static str,
    /// Distinguishes like sections, such as the processors.
    index: Option<usize>,
}

impl Report {
    /// Starts on a line of its own, since firmware may have left a line unfinished.
    pub(super) fn begin() -> Self {
        print(format_args!("\nconformance: begin\n"));
        Self {
            ok: 0,
            failed: 0,
            section: "",
            index: None,
        }
    }

    /// Names of the checks that follow start with `section`.
    pub(super) fn section(&mut self, section: &'static str) {
        self.section = section;
        self.index = None;
    }

    /// Names of the checks that follow start with `section` and a number.
    pub(super) fn numbered_section(&mut self, section: &'static str, index: usize) {
        self.section = section;
        self.index = Some(index);
    }

    /// Checks a number.
    pub(super) fn equal(&mut self, field: &str, expected: u64, found: u64) {
        self.holds(
            field,
            expected == found,
            format_args!("{expected:#x}"),
            format_args!("{found:#x}"),
        );
    }

    /// Checks a text.
    pub(super) fn equal_text(&mut self, field: &str, expected: &str, found: &str) {
        self.holds(
            field,
            expected == found,
            format_args!("{expected:?}"),
            format_args!("{found:?}"),
        );
    }

    /// Checks any rule; the two texts are shown when it does not hold.
    pub(super) fn holds(&mut self, field: &str, rule: bool, expected: impl Display, found: impl Display) {
        let name = self.name(field);
        if rule {
            print(format_args!("ok   {name}\n"));
            self.ok += 1;
        } else {
            print(format_args!("FAIL {name}: expected {expected}, found {found}\n"));
            self.failed += 1;
        }
    }

    /// A value that every boot loader should give alike on the same machine.
    pub(super) fn fact(&self, field: &str, value: impl Display) {
        print(format_args!("fact {} = {value}\n", self.name(field)));
    }

    /// A value that may differ.
    pub(super) fn info(&self, field: &str, value: impl Display) {
        print(format_args!("info {} = {value}\n", self.name(field)));
    }

    /// Prints the sum and leaves QEMU.
    pub(super) fn finish(self) -> ! {
        print(format_args!("conformance: {} ok, {} failed\n", self.ok, self.failed));
        exit_qemu(if self.failed == 0 { EXIT_PASS } else { EXIT_FAIL })
    }

    /// The whole name of a check.
    fn name<'a>(&self, field: &'a str) -> Name<'a> {
        Name {
            section: self.section,
            index: self.index,
            field,
        }
    }
}

/// `section.field` or `section3.field`.
struct Name<'a> {
    /// See [`Report::section`].
    section: &'static str,
    /// See [`Report::numbered_section`].
    index: Option<usize>,
    /// What is checked.
    field: &'a str,
}

impl Display for Name<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            Some(index) => write!(formatter, "{}{}.{}", self.section, index, self.field),
            None => write!(formatter, "{}.{}", self.section, self.field),
        }
    }
}

/// For what makes every further check pointless.
pub(super) fn fail_at_once(what: fmt::Arguments) -> ! {
    print(format_args!("\nFAIL {what}\nconformance: 0 ok, 1 failed\n"));
    exit_qemu(EXIT_FAIL)
}

/// Writes to COM1.
fn print(text: fmt::Arguments) {
    // The port swallows what it cannot send, so there is no error to pass on.
    let _ = SerialPort.write_fmt(text);
}
