//! The options that the kernel knows.
//!
//! What always holds: every option has a default, so the kernel boots with an empty or invalid command line.

use core::fmt;

use log::LevelFilter;

use crate::words::{Word, words};

/// Prefix of words for the boot loader, which the kernel ignores.
const LOADER_PREFIX: &str = "loader.";

/// Values of `log.level`; below each list, the same values as text for a person.
const LOG_LEVELS: &[(&str, LevelFilter)] = &[
    ("error", LevelFilter::Error),
    ("warn", LevelFilter::Warn),
    ("info", LevelFilter::Info),
    ("debug", LevelFilter::Debug),
    ("trace", LevelFilter::Trace),
];

const LOG_LEVELS_ALLOWED: &str = "error, warn, info, debug or trace";
const ON_PANIC: &[(&str, OnPanic)] = &[("halt", OnPanic::Halt), ("exit", OnPanic::Exit)];
const ON_PANIC_ALLOWED: &str = "halt or exit";
const LOG_TIME: &[(&str, LogTime)] = &[("off", LogTime::Off), ("on", LogTime::On)];
const LOG_TIME_ALLOWED: &str = "off or on";
const LOG_COLOR: &[(&str, LogColor)] = &[("on", LogColor::On), ("off", LogColor::Off)];
const LOG_COLOR_ALLOWED: &str = "on or off";

const AT_THE_END: &[(&str, AtTheEnd)] = &[
    ("halt", AtTheEnd::Halt),
    ("shutdown", AtTheEnd::ShutDown),
    ("reboot", AtTheEnd::Reboot),
];

const AT_THE_END_ALLOWED: &str = "halt, shutdown or reboot";

/// The options of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// `log.level=`: the least important level that is logged. `info` by default.
    pub log_level: LevelFilter,
    /// `panic=`: what the kernel does after the report of a panic.
    pub on_panic: OnPanic,
    /// `log.time=`: whether each line of the log starts with the time.
    pub log_time: LogTime,
    /// `log.color=`: whether the log has colours on the serial port.
    pub log_color: LogColor,
    /// `exit=`: what the kernel does when there is nothing left to do.
    pub at_the_end: AtTheEnd,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            log_level: LevelFilter::Info,
            on_panic: OnPanic::default(),
            log_time: LogTime::default(),
            log_color: LogColor::default(),
            at_the_end: AtTheEnd::default(),
        }
    }
}

/// What the kernel does after it has reported a panic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnPanic {
    /// Stop, so that the report can be read.
    #[default]
    Halt,
    /// End QEMU with a failing exit code.
    Exit,
}

/// Whether each line of the log starts with the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogTime {
    /// No time.
    #[default]
    Off,
    /// Seconds since the clock was started.
    On,
}

/// Whether the log has colours on the serial port. On the screen it always does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogColor {
    /// Colours by ANSI escape sequences.
    #[default]
    On,
    /// No colours.
    Off,
}

/// What the kernel does when there is nothing left to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AtTheEnd {
    /// Halt every processor.
    #[default]
    Halt,
    /// Switch the machine off.
    ShutDown,
    /// Restart the machine.
    Reboot,
}

/// Why a word set no option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordProblem {
    /// No option has this key.
    Unknown,
    /// The value is missing or not allowed.
    BadValue {
        /// The allowed values.
        allowed: &'static str,
    },
}

impl fmt::Display for WordProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => {
                formatter.write_str("no such option; the options are log.level, log.time, log.color, panic and exit")
            }
            Self::BadValue { allowed } => write!(formatter, "the value must be {allowed}"),
        }
    }
}

impl Options {
    /// Parses a command line. If a key is repeated, the last valid value counts. Calls `other` for each word that sets no option,
    /// except those that start with `loader.`: they are for the boot loader.
    pub fn parse(text: &str, mut other: impl FnMut(Word<'_>, WordProblem)) -> Self {
        let mut options = Self::default();
        for word in words(text) {
            if word.key.starts_with(LOADER_PREFIX) {
                continue;
            }
            if let Err(problem) = options.apply(word) {
                other(word, problem);
            }
        }
        options
    }

    fn apply(&mut self, word: Word<'_>) -> Result<(), WordProblem> {
        match word.key {
            "log.level" => self.log_level = choose(word, LOG_LEVELS, LOG_LEVELS_ALLOWED)?,
            "log.time" => self.log_time = choose(word, LOG_TIME, LOG_TIME_ALLOWED)?,
            "log.color" => self.log_color = choose(word, LOG_COLOR, LOG_COLOR_ALLOWED)?,
            "panic" => self.on_panic = choose(word, ON_PANIC, ON_PANIC_ALLOWED)?,
            "exit" => self.at_the_end = choose(word, AT_THE_END, AT_THE_END_ALLOWED)?,
            _ => return Err(WordProblem::Unknown),
        }
        Ok(())
    }
}

fn choose<T: Copy>(word: Word<'_>, choices: &[(&str, T)], allowed: &'static str) -> Result<T, WordProblem> {
    choices
        .iter()
        .find(|(name, _)| word.value == Some(name))
        .map(|&(_, choice)| choice)
        .ok_or(WordProblem::BadValue { allowed })
}
