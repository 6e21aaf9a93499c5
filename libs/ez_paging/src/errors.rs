//! Errors. A refused operation has changed nothing.

use core::{error::Error, fmt};

use x86_64::{PhysAddr, VirtAddr};

use crate::{
    block::{Frame, Page},
    half::Half,
    owned_4kib_frame::OutOfFrames,
    page_size::PageSize,
};

/// A mapping that is in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// This page.
    Page(Page),
    /// Pages that are smaller than the requested one.
    SmallerPages,
}

/// Why a page was not mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapError {
    /// This table does not manage the half of the page.
    WrongHalf {
        /// The page.
        page: Page,
        /// The half that the table manages.
        managed: Half,
    },
    /// Page and frame have different sizes.
    WrongPageSize {
        /// The page.
        page: Page,
        /// The frame.
        frame: Frame,
    },
    /// The CPU does not support pages of this size.
    UnsupportedPageSize {
        /// The page.
        page: Page,
        /// The largest size that the CPU supports.
        max_page_size: PageSize,
    },
    /// Physical addresses of the CPU do not reach so far.
    FrameTooHigh {
        /// The frame.
        frame: Frame,
        /// The last physical address of the CPU.
        last_address: PhysAddr,
    },
    /// The page is mapped already, at least in part.
    AlreadyMapped {
        /// The page.
        page: Page,
        /// The mapping in the way.
        existing: Existing,
    },
    /// Memory for page tables has run out.
    OutOfFrames,
}

/// Why a range was not mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapRangeError {
    /// An address or the length is not a multiple of 4 KiB.
    Misaligned {
        /// The first address.
        start: VirtAddr,
        /// The first physical address.
        physical_start: PhysAddr,
        /// The length.
        length_bytes: u64,
    },
    /// The range does not lie entirely in the half that this table manages.
    WrongHalf {
        /// The first address.
        start: VirtAddr,
        /// The length.
        length_bytes: u64,
        /// The half that the table manages.
        managed: Half,
    },
    /// Physical addresses of the CPU do not reach so far.
    TooHigh {
        /// The first physical address.
        physical_start: PhysAddr,
        /// The length.
        length_bytes: u64,
        /// The last physical address of the CPU.
        last_address: PhysAddr,
    },
    /// The range is mapped already, at least in part.
    AlreadyMapped {
        /// The page that could not be mapped.
        page: Page,
        /// The mapping in the way.
        existing: Existing,
    },
    /// Memory for page tables has run out.
    OutOfFrames,
}

/// Why a page was not unmapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MappedPageError {
    /// This table does not manage the half of the page.
    WrongHalf {
        /// The page.
        page: Page,
        /// The half that the table manages.
        managed: Half,
    },
    /// The page is not mapped.
    NotMapped {
        /// The page.
        page: Page,
    },
    /// Pages of another size are mapped there. They are neither split nor joined.
    WrongPageSize {
        /// The page.
        page: Page,
        /// The mapping in the way.
        existing: Existing,
    },
}

/// Why a range was not unmapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnmapRangeError {
    /// An address or the length is not a multiple of 4 KiB.
    Misaligned {
        /// The first address.
        start: VirtAddr,
        /// The length.
        length_bytes: u64,
    },
    /// The range does not lie entirely in the half that this table manages.
    WrongHalf {
        /// The first address.
        start: VirtAddr,
        /// The length.
        length_bytes: u64,
        /// The half that the table manages.
        managed: Half,
    },
    /// The range has a gap.
    NotMapped {
        /// The first address that is not mapped.
        address: VirtAddr,
    },
    /// A page lies across an end of the range. Pages are not split.
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
                write!(formatter, "{page}: this CPU supports pages up to {max_page_size}")
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
            Self::WrongPageSize { page, existing } => write!(formatter, "{page} is mapped differently, by {existing}"),
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
