//! The calls, by number.

use num_enum::{IntoPrimitive, TryFromPrimitive};

/// The number of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u64)]
pub enum SyscallNumber {
    /// [`crate::Request::Exists`].
    Exists,
    /// [`crate::Request::Exit`].
    Exit,
    /// [`crate::Request::Log`].
    Log,
    /// [`crate::Request::Echo`].
    Echo,
    /// [`crate::Request::Now`].
    Now,
    /// [`crate::Request::YieldNow`].
    YieldNow,
    /// [`crate::Request::Map`].
    Map,
    /// [`crate::Request::Unmap`].
    Unmap,
}
