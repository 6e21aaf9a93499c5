//! Levels of the log's lines.

use num_enum::{IntoPrimitive, TryFromPrimitive};

/// Level of a line of the log, with the number of the same level in the crate `log`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u64)]
pub enum LogLevel {
    /// A failure.
    Error = 1,
    /// A condition that may lead to a failure.
    Warn,
    /// An event that a reader wants to know of.
    Info,
    /// Details for finding a bug.
    Debug,
    /// Every step.
    Trace,
}
