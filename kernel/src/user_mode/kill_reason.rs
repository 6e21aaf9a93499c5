//! Why a program was killed.

use crate::cpu::exception::{self, PageFaultError};
use core::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KillReason {
    /// The program accessed memory that is not mapped, or not for this kind of access.
    PageFault { error_code: u64, address: u64 },
    /// There was no memory for a page that the program accessed.
    OutOfMemory { address: u64 },
    Exception {
        vector: u8,
        /// The processor's error code; 0 if the exception has none.
        error_code: u64,
    },
}

impl KillReason {
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
