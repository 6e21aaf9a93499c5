//! Reasons why the loader cannot respond to the kernel's requests.

use super::id::RequestKind;
use crate::address::VirtAddr;

/// The reason why the loader cannot respond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The same id twice: one of the requests would never get its response.
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
    /// A request extends beyond the end of the image.
    #[error("the kernel's request at {offset:#x} of its image is incomplete")]
    CutShort {
        /// Its offset in the image.
        offset: usize,
    },
    /// No base revision tag, which means revision 0.
    #[error("the kernel has no Limine base revision tag; this loader supports revisions 3 to 6")]
    NoBaseRevision,
    /// An unsupported base revision.
    #[error("the kernel requests Limine base revision {revision}; this loader supports revisions 3 to 6")]
    BaseRevisionTooOld {
        /// The requested revision.
        revision: u64,
    },
    /// The kernel requires five-level paging or more.
    #[error("the kernel requires paging mode {minimum}; this loader has 4-level paging (mode 0) only")]
    PagingMode {
        /// The lowest mode that it accepts.
        minimum: u64,
    },
    /// The requested entry point is not executable.
    #[error("the kernel requests the entry point {entry}, which is in no executable segment")]
    EntryPoint {
        /// The address.
        entry: VirtAddr,
    },
    /// The requested stack is too large.
    #[error("the kernel requests a stack of {size_bytes} bytes")]
    StackSize {
        /// The size.
        size_bytes: u64,
    },
}
