//! How a program ended.

use super::KillReason;

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgramEnd {
    /// It said that it is done.
    Exited {
        /// 0 if all went well.
        code: u64,
    },
    /// It did what no program may.
    Killed(KillReason),
}
