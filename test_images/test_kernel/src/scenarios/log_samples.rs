//! Lines that try the log's abilities.

use core::fmt;

/// One line of each level, and texts that are hard to show.
pub(super) fn log_samples() {
    log::error!("This is an error");
    log::warn!("This is a warning");
    log::info!("This is information");
    log::debug!("This is for debugging");
    log::trace!("This is a trace");
    log::info!("Two\nlines, and a carriage return\rthat a screen ignores");
    log::info!("Wide \u{6f22}, combined e\u{301}, a family \u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}, and a\ttab");
    log::info!("Longer than the screen is wide: {:.<200}|", "");
    log::info!("Longer than what is put together without the lock: {:=<1500}|", "");
    log::info!("End of the samples");
}

/// Makes the screen scroll.
pub(super) fn log_more_than_a_screen() {
    for line in 0..200 {
        log::info!("Line {line} of many");
    }
}

/// A message that logs while it is put together: once before the log's lock is taken, once under it.
pub(super) fn log_within_a_message() {
    log::info!("outer short {}", LogsItself);
    log::info!("outer long {:.<600} {}", "", LogsItself);
    log::info!("outer failing {}", FailsWhenShown);
    log::info!("End of the nested lines");
}

/// Fails when it is shown: the line has to end all the same.
struct FailsWhenShown;

impl fmt::Display for FailsWhenShown {
    fn fmt(&self, _formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Err(fmt::Error)
    }
}

/// Logs when it is shown.
struct LogsItself;

impl fmt::Display for LogsItself {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        log::info!("inner line");
        formatter.write_str("shown")
    }
}
