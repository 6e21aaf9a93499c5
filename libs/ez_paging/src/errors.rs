//! Why an operation was refused. After each of these, everything is as it was before.

use core::{error::Error, fmt};

use x86_64::{PhysAddr, VirtAddr};

use crate::{frame::Frame, half::Half, owned_4kib_frame::OutOfFrames, page::Page, page_size::PageSize};

/// What lies where something else was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// This page is mapped.
    Page(Page),
    /// Smaller pages are mapped.
    SmallerPages,
}

/// Why a page was not mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapError {
    /// The page lies in the half that this table does not manage.
    WrongHalf {
        /// The page.
        page: Page,
        /// The half that the table manages.
        managed: Half,
    },
    /// Page and frame are not of one size.
    WrongPageSize {
        /// The page.
        page: Page,
        /// The frame.
        frame: Frame,
    },
    /// The CPU does not know pages that large.
    UnsupportedPageSize {
        /// The page.
        page: Page,
        /// The largest size that the CPU knows.
        max_page_size: PageSize,
    },
    /// The CPU has no physical addresses that high.
    FrameTooHigh {
        /// The frame.
        frame: Frame,
        /// The last physical address.
        last_address: PhysAddr,
    },
    /// The page, or a part of it, is mapped already.
    AlreadyMapped {
        /// The page.
        page: Page,
        /// What is mapped there.
        existing: Existing,
    },
    /// There is no frame left for a page table.
    OutOfFrames,
}

/// Why a range was not mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapRangeError {
    /// An end of the range is not a multiple of 4 KiB.
    Misaligned {
        /// Where the range was to start.
        start: VirtAddr,
        /// What it was to be mapped to.
        physical_start: PhysAddr,
        /// How long it was to be.
        length_bytes: u64,
    },
    /// The range does not lie wholly in the half that this table manages.
    WrongHalf {
        /// Where the range was to start.
        start: VirtAddr,
        /// How long it was to be.
        length_bytes: u64,
        /// The half that the table manages.
        managed: Half,
    },
    /// The CPU has no physical addresses that high.
    TooHigh {
        /// What the range was to be mapped to.
        physical_start: PhysAddr,
        /// How long it was to be.
        length_bytes: u64,
        /// The last physical address.
        last_address: PhysAddr,
    },
    /// A part of the range is mapped already.
    AlreadyMapped {
        /// The page that was to be mapped.
        page: Page,
        /// What is mapped there.
        existing: Existing,
    },
    /// There are not enough frames left for the page tables.
    OutOfFrames,
}

/// Why a page was not unmapped or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MappedPageError {
    /// The page lies in the half that this table does not manage.
    WrongHalf {
        /// The page.
        page: Page,
        /// The half that the table manages.
        managed: Half,
    },
    /// Nothing is mapped there.
    NotMapped {
        /// The page.
        page: Page,
    },
    /// Pages of another size are mapped there; large ones are not split, and small ones not joined.
    WrongPageSize {
        /// The page.
        page: Page,
        /// What is mapped there.
        existing: Existing,
    },
}

/// Why a range was not unmapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnmapRangeError {
    /// An end of the range is not a multiple of 4 KiB.
    Misaligned {
        /// Where the range starts.
        start: VirtAddr,
        /// How long it is.
        length_bytes: u64,
    },
    /// The range does not lie wholly in the half that this table manages.
    WrongHalf {
        /// Where the range starts.
        start: VirtAddr,
        /// How long it is.
        length_bytes: u64,
        /// The half that the table manages.
        managed: Half,
    },
    /// Somewhere in the range nothing is mapped.
    NotMapped {
        /// Where.
        address: VirtAddr,
    },
    /// The page lies across an end of the range; large pages are not split.
    PageAcrossEnd {
        /// The page.
        page: Page,
    },
}

impl From<OutOfFrames> for MapError {
    fn from(_: OutOfFrames) -> Self {
        Self::OutOfFrames
    }
}

impl From<OutOfFrames> for MapRangeError {
    fn from(_: OutOfFrames) -> Self {
        Self::OutOfFrames
    }
}

impl fmt::Display for Existing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Page(page) => write!(formatter, "the {page}"),
            Self::SmallerPages => formatter.write_str("smaller pages"),
        }
    }
}

impl fmt::Display for MapError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongHalf { page, managed } => write!(formatter, "{page} is not in the {managed}"),
            Self::WrongPageSize { page, frame } => write!(formatter, "{page} cannot be mapped to a {frame}"),
            Self::UnsupportedPageSize { page, max_page_size } => {
                write!(formatter, "{page}: this CPU knows pages up to {max_page_size}")
            }
            Self::FrameTooHigh { frame, last_address } => {
                write!(
                    formatter,
                    "{frame}: this CPU's physical memory ends at {last_address:#x}"
                )
            }
            Self::AlreadyMapped { page, existing } => write!(formatter, "{page} is taken by {existing}"),
            Self::OutOfFrames => OutOfFrames.fmt(formatter),
        }
    }
}

impl fmt::Display for MapRangeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Misaligned {
                start,
                physical_start,
                length_bytes,
            } => write!(
                formatter,
                "{length_bytes:#x} bytes at {start:#x} to {physical_start:#x} are not whole pages of 4 KiB"
            ),
            Self::WrongHalf {
                start,
                length_bytes,
                managed,
            } => write!(
                formatter,
                "{length_bytes:#x} bytes at {start:#x} are not in the {managed}"
            ),
            Self::TooHigh {
                physical_start,
                length_bytes,
                last_address,
            } => write!(
                formatter,
                "{length_bytes:#x} bytes at {physical_start:#x}: this CPU's physical memory ends at {last_address:#x}"
            ),
            Self::AlreadyMapped { page, existing } => write!(formatter, "{page} is taken by {existing}"),
            Self::OutOfFrames => OutOfFrames.fmt(formatter),
        }
    }
}

impl fmt::Display for MappedPageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongHalf { page, managed } => write!(formatter, "{page} is not in the {managed}"),
            Self::NotMapped { page } => write!(formatter, "{page} is not mapped"),
            Self::WrongPageSize { page, existing } => write!(formatter, "{page} is mapped otherwise, by {existing}"),
        }
    }
}

impl fmt::Display for UnmapRangeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Misaligned { start, length_bytes } => write!(
                formatter,
                "{length_bytes:#x} bytes at {start:#x} are not whole pages of 4 KiB"
            ),
            Self::WrongHalf {
                start,
                length_bytes,
                managed,
            } => write!(
                formatter,
                "{length_bytes:#x} bytes at {start:#x} are not in the {managed}"
            ),
            Self::NotMapped { address } => write!(formatter, "nothing is mapped at {address:#x}"),
            Self::PageAcrossEnd { page } => write!(formatter, "the {page} lies across the end of a range"),
        }
    }
}

impl Error for MapError {}
impl Error for MapRangeError {}
impl Error for MappedPageError {}
impl Error for UnmapRangeError {}
