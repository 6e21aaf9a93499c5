//! Why a program was killed.

use crate::cpu::exception::{self, PageFaultError};
use core::fmt;

/// Why a program was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KillReason {
    /// It touched memory that is not its own, or not for this use.
    PageFault {
        /// What the processor says about it.
        error_code: u64,
        /// What it touched.
        address: u64,
    },
    /// There was no memory for a page that it touched.
    OutOfMemory {
        /// What it touched.
        address: u64,
    },
    /// Any other exception.
    Exception {
        /// Which.
        vector: u8,
        /// What the processor says about it; 0 where it says nothing.
        error_code: u64,
    },
}

impl KillReason {
    /// The address that it is about, besides that of the instruction.
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
