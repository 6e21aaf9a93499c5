//! Errors of the calls.

use num_enum::{IntoPrimitive, TryFromPrimitive};

/// Why a call failed. A failed call has no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoPrimitive, TryFromPrimitive, thiserror::Error)]
#[repr(u64)]
pub enum SyscallError {
    /// No call has this number.
    #[error("there is no such call")]
    UnknownNumber = 1,
    /// An argument is out of range.
    #[error("an argument is out of range")]
    BadArgument,
    /// The memory is not the program's, or not for this kind of access.
    #[error("a pointer refers to memory that the program may not access in this way")]
    BadPointer,
    /// The text is longer than [`crate::MAX_LOG_BYTES`].
    #[error("the text is too long")]
    TooLong,
    /// The text is not UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// No free memory, no free addresses, or too many separate mappings.
    #[error("there is not enough memory")]
    OutOfMemory,
    /// Some of the pages were not mapped by the program's own calls.
    #[error("the pages were not mapped by this program")]
    NotMapped,
}
