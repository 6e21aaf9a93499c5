//! Errors. A refused operation has changed nothing.
#![allow(missing_docs, reason = "each error's text says what the error and its fields mean")]

use core::fmt;

use thiserror::Error;
use x86_64::{PhysAddr, VirtAddr};

use crate::{
    block::{Frame, Page},
    half::Half,
    page_size::PageSize,
};

/// Memory for page tables has run out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no frame is left for a page table")]
pub struct OutOfFrames;

/// A mapping that is in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    Page(Page),
    /// Pages that are smaller than the requested one.
    SmallerPages,
}

/// Why a page was not mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MapError {
    #[error("{page} is not in the {managed}")]
    WrongHalf { page: Page, managed: Half },
    #[error("{page} cannot be mapped to a {frame}")]
    WrongPageSize { page: Page, frame: Frame },
    #[error("{page}: this CPU supports pages up to {max_page_size}")]
    UnsupportedPageSize { page: Page, max_page_size: PageSize },
    #[error("{frame}: this CPU's physical memory ends at {last_address:#x}")]
    FrameTooHigh { frame: Frame, last_address: PhysAddr },
    #[error("{page} is taken by {existing}")]
    AlreadyMapped { page: Page, existing: Existing },
    #[error(transparent)]
    OutOfFrames(#[from] OutOfFrames),
}

/// Why a range was not mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MapRangeError {
    #[error("{length_bytes:#x} bytes at {start:#x} to {physical_start:#x} are not whole pages of 4 KiB")]
    Misaligned {
        start: VirtAddr,
        physical_start: PhysAddr,
        length_bytes: u64,
    },
    #[error("{length_bytes:#x} bytes at {start:#x} are not in the {managed}")]
    WrongHalf {
        start: VirtAddr,
        length_bytes: u64,
        managed: Half,
    },
    #[error("{length_bytes:#x} bytes at {physical_start:#x}: this CPU's physical memory ends at {last_address:#x}")]
    TooHigh {
        physical_start: PhysAddr,
        length_bytes: u64,
        last_address: PhysAddr,
    },
    #[error("{page} is taken by {existing}")]
    AlreadyMapped { page: Page, existing: Existing },
    #[error(transparent)]
    OutOfFrames(#[from] OutOfFrames),
}

/// Why a page was not unmapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MappedPageError {
    #[error("{page} is not in the {managed}")]
    WrongHalf { page: Page, managed: Half },
    #[error("{page} is not mapped")]
    NotMapped { page: Page },
    /// Pages are neither split nor joined.
    #[error("{page} is mapped differently, by {existing}")]
    WrongPageSize { page: Page, existing: Existing },
}

/// Why a range was not unmapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UnmapRangeError {
    #[error("{length_bytes:#x} bytes at {start:#x} are not whole pages of 4 KiB")]
    Misaligned { start: VirtAddr, length_bytes: u64 },
    #[error("{length_bytes:#x} bytes at {start:#x} are not in the {managed}")]
    WrongHalf {
        start: VirtAddr,
        length_bytes: u64,
        managed: Half,
    },
    #[error("nothing is mapped at {address:#x}")]
    NotMapped { address: VirtAddr },
    /// Pages are not split.
    #[error("the {page} lies across the end of a range")]
    PageAcrossEnd { page: Page },
}

impl fmt::Display for Existing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Page(page) => write!(formatter, "the {page}"),
            Self::SmallerPages => formatter.write_str("smaller pages"),
        }
    }
}
