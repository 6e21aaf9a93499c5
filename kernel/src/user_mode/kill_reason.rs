//! Why a program was killed.

use crate::cpu::exception::{self, PageFaultError};
use core::fmt;

/// Why a program was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KillReason {
    /// The program accessed memory that is not mapped, or not for this kind of access.
    PageFault {
        /// The processor's error code.
        error_code: u64,
        /// The accessed address.
        address: u64,
    },
    /// There was no memory for a page that the program accessed.
    OutOfMemory {
        /// The accessed address.
        address: u64,
    },
    /// Any other exception.
    Exception {
        /// The exception's interrupt vector.
        vector: u8,
        /// The processor's error code; 0 if the exception has none.
        error_code: u64,
    },
}

impl KillReason {
    /// Returns the accessed address, if the reason has one.
    pub fn address(&self) -> Option<u64> {
        match self {
            Self::PageFault { address, .. } | Self::OutOfMemory { address } => Some(*address),
            Self::Exception { .. } => None,
        }
    }
}

impl fmt::Display for KillReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PageFault { error_code, .. } => write!(formatter, "Page Fault ({})", PageFaultError(*error_code)),
            Self::OutOfMemory { .. } => formatter.write_str("out of memory"),
            Self::Exception { vector, error_code } => {
                let name = exception::name(*vector).unwrap_or("unknown exception");
                write!(formatter, "{name} ({error_code:#x})")
            }
        }
    }
}
