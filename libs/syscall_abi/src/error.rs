//! Why a call failed.

use num_enum::{IntoPrimitive, TryFromPrimitive};

/// Why a call failed. A call that fails has changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoPrimitive, TryFromPrimitive, thiserror::Error)]
#[repr(u64)]
pub enum SyscallError {
    /// No call has this number.
    #[error("there is no such call")]
    UnknownNumber = 1,
    /// An argument is none that the call takes.
    #[error("an argument is out of range")]
    BadArgument,
    /// Memory that is not the program's, or not for this use.
    #[error("a pointer leads to memory that the program may not use so")]
    BadPointer,
    /// More than the call takes.
    #[error("the text is too long")]
    TooLong,
    /// The text is not UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// There is no memory, or no room in the address space, or what is mapped would lie in too many pieces.
    #[error("there is not enough memory")]
    OutOfMemory,
    /// The pages are not such as the program has mapped itself.
    #[error("the pages were not mapped by this program")]
    NotMapped,
}
