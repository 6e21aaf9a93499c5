//! Errors of a run: QEMU does not start, or an expected text does not arrive.

use std::path::PathBuf;
use std::time::Duration;

use crate::ending::Ending;
use crate::qmp::QmpError;

/// The reason why QEMU is not running.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The folder for this run's files could not be created or filled.
    #[error("cannot prepare {}: {source}", path.display())]
    RunFolder {
        /// The file or folder.
        path: PathBuf,
        /// The host's error.
        source: std::io::Error,
    },
    /// The program does not start.
    #[error("cannot start {}: {source}", program.display())]
    Qemu {
        /// The program.
        program: PathBuf,
        /// The host's error.
        source: std::io::Error,
    },
    /// QEMU runs, but accepts no commands.
    #[error(transparent)]
    Commands(#[from] QmpError),
}

/// An expected text did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSeen {
    /// QEMU ended first.
    #[error("{text:?} did not arrive before the end: {ending:?}")]
    Ended {
        /// The text.
        text: String,
        /// How QEMU ended.
        ending: Ending,
    },
    /// The time limit was reached; QEMU still runs.
    #[error("{text:?} did not arrive within {limit:?}")]
    InTime {
        /// The text.
        text: String,
        /// The time limit.
        limit: Duration,
    },
}
