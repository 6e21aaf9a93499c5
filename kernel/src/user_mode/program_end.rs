//! How a program ended, and the report of it to QEMU's host, on the port that no program can write to. The runner parses these
//! lines.

use crate::{
    cpu::exception::{self, PageFaultError},
    output::debug_console,
};
use core::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgramEnd {
    Exited {
        /// 0 means success.
        code: u64,
    },
    Killed(KillReason),
}

/// Why a program was killed.
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

/// Reports how a program ended: `program exited CODE` or `program killed`.
pub fn report_end(end: &ProgramEnd) {
    match end {
        ProgramEnd::Exited { code } => debug_console::tell(format_args!("program exited {code}")),
        ProgramEnd::Killed(_) => debug_console::tell(format_args!("program killed")),
    }
}

/// Reports that a program was not started: `program refused`.
pub fn report_refusal() {
    debug_console::tell(format_args!("program refused"));
}
