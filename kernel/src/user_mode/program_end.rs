//! How a program ended.

use super::KillReason;

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgramEnd {
    Exited {
        /// 0 means success.
        code: u64,
    },
    Killed(KillReason),
}
