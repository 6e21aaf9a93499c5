//! Why the copy cannot be made.

use x86_64::PhysAddr;

/// Why the copy cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// It must begin with a page.
    #[error("the copy of the ACPI tables cannot begin at {base:#x}, within a page")]
    NotAPage {
        /// Where it should begin.
        base: PhysAddr,
    },
    /// There is not enough memory.
    #[error("the copy of the ACPI tables needs {needed_bytes} bytes, and has {given_bytes}")]
    TooSmall {
        /// How much is needed.
        needed_bytes: usize,
        /// How much there is.
        given_bytes: usize,
    },
    /// It would not end before the last address.
    #[error("the copy of the ACPI tables would run past the last address from {base:#x} on")]
    PastTheEnd {
        /// Where it should begin.
        base: PhysAddr,
    },
}
