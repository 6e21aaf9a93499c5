//! What goes wrong with a run: QEMU does not start, or what was waited for does not come.

use std::path::PathBuf;
use std::time::Duration;

use crate::ending::Ending;

/// Why QEMU is not running.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The folder for this run's files could not be made or filled.
    #[error("cannot prepare {}: {source}", path.display())]
    RunFolder {
        /// The file or folder.
        path: PathBuf,
        /// What the host says.
        source: std::io::Error,
    },
    /// The program does not start.
    #[error("cannot start {}: {source}", program.display())]
    Qemu {
        /// The program.
        program: PathBuf,
        /// What the host says.
        source: std::io::Error,
    },
}

/// A text that did not come.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSeen {
    /// QEMU ended before.
    #[error("{text:?} did not come before the end: {ending:?}")]
    Ended {
        /// The text.
        text: String,
        /// How it ended.
        ending: Ending,
    },
    /// The time was over; QEMU still runs.
    #[error("{text:?} did not come within {limit:?}")]
    InTime {
        /// The text.
        text: String,
        /// How long was waited.
        limit: Duration,
    },
}
