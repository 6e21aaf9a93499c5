//! A machine under test. A wait ends at the scenario's deadline, or at once after a fatal error in the log. Every
//! failure shows the log.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use runner::{Ending, Machine, Running};

use crate::host;
use crate::log_lines::{LogLine, log_lines, plain};
use crate::picture::Picture;
use crate::scenario::{Deadline, Outcome};

/// Pause between two reads of the log.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Fatal errors: after them the kernel, our loader or GRUB halts.
const FATAL_TEXTS: [&str; 3] = [
    "panicked again",
    "multiboot2_loader: error",
    "you need to load the kernel first",
];
/// Starts of the kernel's fatal log lines. A program may log the same text, but not at the start of a line.
const FATAL_LINES: [&str; 2] = ["panicked", "cannot boot"];

/// Time after a fatal error in which the expected ending or picture may still come.
const END_AFTER_FATAL_ERROR: Duration = Duration::from_secs(5);

/// Number of lines shown from the start of a long log.
const HEAD_LINES: usize = 100;
/// Number of lines shown from the end of a long log.
const TAIL_LINES: usize = 300;

/// A running machine.
pub(crate) struct Booted {
    running: Running,
    deadline: Deadline,
}

impl Booted {
    pub(crate) fn start(machine: &Machine, deadline: Deadline) -> Result<Self, Failed> {
        let running = Running::start(host::qemu()?, machine)?;
        Ok(Self { running, deadline })
    }

    /// Replaces the deadline.
    pub(crate) fn set_deadline(&mut self, deadline: Deadline) {
        self.deadline = deadline;
    }

    /// Waits for a text in the log without colours.
    pub(crate) fn expect(&mut self, text: &str) -> Outcome {
        loop {
            let ending = self.running.wait_for_exit(POLL_INTERVAL.min(self.deadline.left()));
            let log = self.text();
            if log.contains(text) {
                return Ok(());
            }
            if let Some(ending) = ending {
                return Err(self.failed(&format!("{text:?} did not come before the end: {ending:?}")));
            }
            if let Some(error) = fatal_error_in(&log) {
                // The rest of the kernel's output may not have arrived yet.
                thread::sleep(POLL_INTERVAL);
                if self.text().contains(text) {
                    return Ok(());
                }
                return Err(self.failed(&format!("{text:?} did not come before {error:?}")));
            }
            if self.deadline.left().is_zero() {
                return Err(self.failed(&format!("{text:?} did not come within {:?}", self.deadline.limit())));
            }
        }
    }

    /// Waits for QEMU's expected ending. After a fatal error the wait is short: QEMU exits right after a panic report,
    /// and never after a boot loader's refusal.
    pub(crate) fn expect_ending(&mut self, expected: &Ending) -> Outcome {
        let ending = loop {
            if let Some(ending) = self.running.wait_for_exit(POLL_INTERVAL.min(self.deadline.left())) {
                break ending;
            }
            if let Some(error) = fatal_error_in(&self.text()) {
                match self
                    .running
                    .wait_for_exit(END_AFTER_FATAL_ERROR.min(self.deadline.left()))
                {
                    Some(ending) => break ending,
                    None => {
                        return Err(self.failed(&format!(
                            "expected the ending {expected:?}, found {error:?} and no ending"
                        )));
                    }
                }
            }
            if self.deadline.left().is_zero() {
                break self.running.wait(Duration::ZERO);
            }
        };
        if ending == *expected {
            Ok(())
        } else {
            Err(self.failed(&format!("expected the ending {expected:?}, found {ending:?}")))
        }
    }

    /// Returns the serial log so far, without colours.
    pub(crate) fn text(&self) -> String {
        plain(&self.running.serial())
    }

    /// Returns the serial log so far, with colours.
    pub(crate) fn serial(&self) -> String {
        self.running.serial()
    }

    /// Returns the kernel's log lines so far.
    pub(crate) fn log_lines(&self) -> Vec<LogLine> {
        log_lines(&self.running.serial())
    }

    /// Returns QEMU's record of resets and, if requested, exceptions.
    pub(crate) fn event_log(&self) -> String {
        self.running.event_log()
    }

    /// Sends a command to QEMU's control socket (QMP).
    pub(crate) fn command(&mut self, name: &str, arguments: &serde_json::Value) -> Result<serde_json::Value, Failed> {
        self.running
            .command(name, arguments)
            .map_err(|error| self.failed(&format!("QMP command {name}: {error}")))
    }

    /// Fails with `what` unless `rule` holds.
    pub(crate) fn check(&self, rule: bool, what: &str) -> Outcome {
        if rule { Ok(()) } else { Err(self.failed(what)) }
    }

    /// Takes a picture of the screen.
    pub(crate) fn picture(&mut self) -> Result<Picture, Failed> {
        let file = host::new_path("screen.png");
        self.photograph(&file)?;
        Picture::read(&file)
    }

    /// Takes pictures until one is as expected or the deadline passes. After a fatal error the kernel has a few seconds
    /// to draw.
    pub(crate) fn expect_picture(&mut self, wanted: impl Fn(&Picture) -> Result<(), String>) -> Outcome {
        let mut error_since: Option<Instant> = None;
        loop {
            let picture = self.picture()?;
            let Err(what) = wanted(&picture) else { return Ok(()) };
            if self.deadline.left().is_zero() {
                return Err(self.failed(&what));
            }
            if let Some(error) = fatal_error_in(&self.text()) {
                let since = *error_since.get_or_insert_with(Instant::now);
                if since.elapsed() > END_AFTER_FATAL_ERROR {
                    return Err(self.failed(&format!("{what}, and stays so after {error:?}")));
                }
            }
            thread::sleep(POLL_INTERVAL);
        }
    }

    /// Makes the scenario's failure: its reason, QEMU's errors, and the log.
    pub(crate) fn failed(&self, what: &str) -> Failed {
        let errors = self.running.qemu_errors();
        let errors = if errors.is_empty() {
            String::new()
        } else {
            format!("\n--- QEMU's errors\n{errors}")
        };
        format!(
            "{what}{errors}\n--- serial log\n{}\n--- end of the serial log",
            shortened(&self.text())
        )
        .into()
    }

    fn photograph(&mut self, file: &Path) -> Outcome {
        match self.running.screenshot(file) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.failed(&format!("no screenshot: {error}"))),
        }
    }
}

/// Finds the fatal error in a log.
fn fatal_error_in(log: &str) -> Option<&'static str> {
    let is_line = |words: &&str| {
        log.match_indices(&format!("] ERROR {words}"))
            .any(|(place, _)| ends_with_cpu_id(&log[..place]))
    };
    let text = FATAL_TEXTS.into_iter().find(|text| log.contains(text));
    text.or_else(|| FATAL_LINES.into_iter().find(is_line))
}

/// Returns whether the text ends with the start of a log line, up to the processor's id: `[0`.
fn ends_with_cpu_id(text: &str) -> bool {
    let line = text.rsplit('\n').next().unwrap_or_default();
    let id = line.rsplit('[').next().unwrap_or_default();
    let is_first = !line.contains("] ");
    is_first && !id.is_empty() && id.chars().all(|digit| digit.is_ascii_hexdigit())
}

/// Shortens the middle of a very long log.
fn shortened(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    match lines.len().checked_sub(HEAD_LINES + TAIL_LINES) {
        None | Some(0) => text.to_owned(),
        Some(left_out) => format!(
            "{}\n--- {left_out} lines left out\n{}",
            lines[..HEAD_LINES].join("\n"),
            lines[lines.len() - TAIL_LINES..].join("\n")
        ),
    }
}
