//! Sample lines for the log.

use core::fmt;

/// Logs a line of each level, and texts that are hard to display.
pub(super) fn log_samples() {
    log::error!("This is an error");
    log::warn!("This is a warning");
    log::info!("This is information");
    log::debug!("This is for debugging");
    log::trace!("This is a trace");
    log::info!("Two\nlines, and a carriage return\rthat a screen ignores");
    log::info!("Wide \u{6f22}, combined e\u{301}, a family \u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}, and a\ttab");
    log::info!("Longer than the screen is wide: {:.<200}|", "");
    log::info!("Longer than the buffer for formatting without the lock: {:=<1500}|", "");
    log::info!("End of the samples");
}

/// Logs enough lines to scroll the screen.
pub(super) fn log_more_than_a_screen() {
    for line in 0..200 {
        log::info!("Line {line} of many");
    }
}

/// Logs messages whose formatting logs: without the log's lock (short message) and with it (long message).
pub(super) fn log_within_a_message() {
    log::info!("outer short {}", LogsItself);
    log::info!("outer long {:.<600} {}", "", LogsItself);
    log::info!("outer failing {}", FailsWhenShown);
    log::info!("End of the nested lines");
}

/// A value whose formatting fails: the line must end nevertheless.
struct FailsWhenShown;

impl fmt::Display for FailsWhenShown {
    fn fmt(&self, _formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Err(fmt::Error)
    }
}

/// A value whose formatting logs.
struct LogsItself;

impl fmt::Display for LogsItself {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        log::info!("inner line");
        formatter.write_str("shown")
    }
}
