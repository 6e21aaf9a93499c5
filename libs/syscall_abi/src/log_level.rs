//! How bad a line of the log is.

use num_enum::{IntoPrimitive, TryFromPrimitive};

/// How bad a line of the log is; the numbers are those of the `log` crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u64)]
pub enum LogLevel {
    /// Something went wrong.
    Error = 1,
    /// Something may go wrong.
    Warn,
    /// Something is worth knowing.
    Info,
    /// Of use to who looks for a mistake.
    Debug,
    /// Of use to who follows every step.
    Trace,
}
