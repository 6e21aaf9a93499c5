//! A machine under test: waits end with the scenario's limit, or at once when the kernel has come to grief; whatever
//! fails shows the log.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use runner::{Ending, Machine, Running};

use crate::host;
use crate::log_lines::{LogLine, log_lines, plain};
use crate::picture::Picture;
use crate::scenario::{Deadline, Outcome};

/// How often the log is searched for signs of grief while a text is waited for.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// Texts after which nothing good comes: the kernel, our loader or GRUB stands still.
const GRIEF: [&str; 3] = [
    "panicked again",
    "multiboot2_loader: error",
    "you need to load the kernel first",
];
/// How the kernel's own errors begin after which nothing good comes. Programs may say the same, but not at the beginning.
const LAST_WORDS: [&str; 2] = ["panicked", "cannot boot"];

/// How long after a sign of grief an ending or a picture may still come as wanted.
const END_AFTER_GRIEF: Duration = Duration::from_secs(5);

/// Lines of a long log that are shown from its start.
const HEAD_LINES: usize = 100;
/// Lines of a long log that are shown from its end.
const TAIL_LINES: usize = 300;

/// A running machine.
pub(crate) struct Booted {
    /// QEMU.
    running: Running,
    /// When the scenario has to be over.
    deadline: Deadline,
}

impl Booted {
    /// Starts a machine.
    pub(crate) fn start(machine: &Machine, deadline: Deadline) -> Result<Self, Failed> {
        let running = Running::start(host::qemu()?, machine)?;
        Ok(Self { running, deadline })
    }

    /// Replaces the time by which waits end.
    pub(crate) fn set_deadline(&mut self, deadline: Deadline) {
        self.deadline = deadline;
    }

    /// Waits for a text in the log; colours do not count.
    pub(crate) fn expect(&mut self, text: &str) -> Outcome {
        loop {
            let ending = self.running.wait_for_exit(LOOK_INTERVAL.min(self.deadline.left()));
            let log = self.text();
            if log.contains(text) {
                return Ok(());
            }
            if let Some(ending) = ending {
                return Err(self.failed(&format!("{text:?} did not come before the end: {ending:?}")));
            }
            if let Some(grief) = grief_in(&log) {
                // What was written in one go is perhaps not read to its end yet.
                thread::sleep(LOOK_INTERVAL);
                if self.text().contains(text) {
                    return Ok(());
                }
                return Err(self.failed(&format!("{text:?} did not come before {grief:?}")));
            }
            if self.deadline.left().is_zero() {
                return Err(self.failed(&format!("{text:?} did not come within {:?}", self.deadline.limit())));
            }
        }
    }

    /// Waits for the end that the scenario wants. After grief it has to come soon: a report of a panic is followed by the
    /// exit code, a refusal of a boot loader by nothing.
    pub(crate) fn expect_ending(&mut self, expected: &Ending) -> Outcome {
        let ending = loop {
            if let Some(ending) = self.running.wait_for_exit(LOOK_INTERVAL.min(self.deadline.left())) {
                break ending;
            }
            if let Some(grief) = grief_in(&self.text()) {
                match self.running.wait_for_exit(END_AFTER_GRIEF.min(self.deadline.left())) {
                    Some(ending) => break ending,
                    None => {
                        return Err(self.failed(&format!("expected the end {expected:?}, found {grief:?} and none")));
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
            Err(self.failed(&format!("expected the end {expected:?}, found {ending:?}")))
        }
    }

    /// The serial log so far, without colours.
    pub(crate) fn text(&self) -> String {
        plain(&self.running.serial())
    }

    /// The serial log so far, as it arrived.
    pub(crate) fn serial(&self) -> String {
        self.running.serial()
    }

    /// The kernel's lines so far.
    pub(crate) fn log_lines(&self) -> Vec<LogLine> {
        log_lines(&self.running.serial())
    }

    /// QEMU's record of resets and, where asked for, exceptions.
    pub(crate) fn event_log(&self) -> String {
        self.running.event_log()
    }

    /// Gives a command to QEMU's control socket (QMP).
    pub(crate) fn command(&mut self, name: &str, arguments: &serde_json::Value) -> Result<serde_json::Value, Failed> {
        self.running
            .command(name, arguments)
            .map_err(|error| self.failed(&format!("QMP command {name}: {error}")))
    }

    /// Fails when a rule does not hold.
    pub(crate) fn check(&self, rule: bool, what: &str) -> Outcome {
        if rule { Ok(()) } else { Err(self.failed(what)) }
    }

    /// The screen.
    pub(crate) fn picture(&mut self) -> Result<Picture, Failed> {
        let file = host::new_path("screen.png");
        self.photograph(&file)?;
        Picture::read(&file)
    }

    /// Takes pictures until one is as wanted, or the time is over. After grief the screen only has to be drawn to its end.
    pub(crate) fn expect_picture(&mut self, wanted: impl Fn(&Picture) -> Result<(), String>) -> Outcome {
        let mut grief_since: Option<Instant> = None;
        loop {
            let picture = self.picture()?;
            let Err(what) = wanted(&picture) else { return Ok(()) };
            if self.deadline.left().is_zero() {
                return Err(self.failed(&what));
            }
            if let Some(grief) = grief_in(&self.text()) {
                let since = *grief_since.get_or_insert_with(Instant::now);
                if since.elapsed() > END_AFTER_GRIEF {
                    return Err(self.failed(&format!("{what}, and after {grief:?} it stays so")));
                }
            }
            thread::sleep(LOOK_INTERVAL);
        }
    }

    /// What is said when the scenario fails.
    pub(crate) fn failed(&self, what: &str) -> Failed {
        let errors = self.running.qemu_errors();
        let errors = if errors.is_empty() {
            String::new()
        } else {
            format!("\n--- QEMU's own words\n{errors}")
        };
        format!(
            "{what}{errors}\n--- serial log\n{}\n--- end of the serial log",
            shortened(&self.text())
        )
        .into()
    }

    /// Writes the screen to a file.
    fn photograph(&mut self, file: &Path) -> Outcome {
        match self.running.screenshot(file) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.failed(&format!("no screenshot: {error}"))),
        }
    }
}

/// The first of the texts after which nothing good comes.
fn grief_in(log: &str) -> Option<&'static str> {
    let is_last = |words: &&str| {
        log.match_indices(&format!("] ERROR {words}"))
            .any(|(place, _)| is_id(&log[..place]))
    };
    let grief = GRIEF.into_iter().find(|grief| log.contains(grief));
    grief.or_else(|| LAST_WORDS.into_iter().find(is_last))
}

/// Whether a text ends with the beginning of a line of the log, up to the processor's id.
fn is_id(text: &str) -> bool {
    let line = text.rsplit('\n').next().unwrap_or_default();
    let id = line.rsplit('[').next().unwrap_or_default();
    let is_first = !line.contains("] ");
    is_first && !id.is_empty() && id.chars().all(|digit| digit.is_ascii_hexdigit())
}

/// A log, without its middle when it is very long.
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
