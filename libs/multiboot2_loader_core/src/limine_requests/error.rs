//! Why a kernel's requests cannot be answered.

use super::id::RequestKind;
use crate::address::VirtAddr;

/// Why the requests cannot be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The same id twice: the kernel would wait for an answer that never comes.
    #[error("the kernel makes the request {kind:?} twice, at {first:#x} and {second:#x} of its image")]
    Duplicate {
        /// Which.
        kind: RequestKind,
        /// Offset of the first in the image.
        first: usize,
        /// Offset of the second.
        second: usize,
    },
    /// Two base revision tags.
    #[error("the kernel has two base revision tags, at {first:#x} and {second:#x} of its image")]
    DuplicateBaseRevision {
        /// Offset of the first in the image.
        first: usize,
        /// Offset of the second.
        second: usize,
    },
    /// A request runs past the end of the image.
    #[error("the kernel's request at {offset:#x} of its image is cut short")]
    CutShort {
        /// Its offset in the image.
        offset: usize,
    },
    /// No base revision tag: that means revision 0.
    #[error("the kernel has no Limine base revision tag; this loader speaks revisions 3 to 6")]
    NoBaseRevision,
    /// A base revision that is no longer spoken.
    #[error("the kernel wants Limine base revision {revision}; this loader speaks revisions 3 to 6")]
    BaseRevisionTooOld {
        /// What it wants.
        revision: u64,
    },
    /// Five-level paging or more is a must for the kernel.
    #[error("the kernel insists on paging mode {minimum}; this loader has 4-level paging (mode 0) only")]
    PagingMode {
        /// The lowest mode that it takes.
        minimum: u64,
    },
    /// The entry point asked for is not code.
    #[error("the kernel asks to be entered at {entry}, which is in no executable segment")]
    EntryPoint {
        /// The address.
        entry: VirtAddr,
    },
    /// An absurd stack.
    #[error("the kernel asks for a stack of {size_bytes} bytes")]
    StackSize {
        /// The size.
        size_bytes: u64,
    },
}
