//! Levels of the log's lines.

use num_enum::{IntoPrimitive, TryFromPrimitive};

/// Level of a line of the log, with the number of the same level in the crate `log`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u64)]
pub enum LogLevel {
    /// Something went wrong.
    Error = 1,
    /// Something may go wrong.
    Warn,
    /// Something is worth knowing.
    Info,
    /// Details for finding a bug.
    Debug,
    /// Every step.
    Trace,
}
