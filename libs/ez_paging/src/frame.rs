//! A frame: an aligned piece of physical memory that one entry of a page table points to.
//!
//! What always holds: the start is a multiple of the size, and all of it lies below 2^52, the architecture's limit. A
//! CPU's own limit can be lower: [`crate::PagingFeatures`].

use core::{error::Error, fmt};

use x86_64::{PhysAddr, structures::paging::PhysFrame};

use crate::page_size::PageSize;

/// A frame of any size. Frames that are 4 KiB by their nature, such as page tables, are `PhysFrame`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Frame {
    /// Its first address.
    start: PhysAddr,
    /// How much it spans.
    size: PageSize,
}

/// The address that a frame was to start at is not a multiple of the frame's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MisalignedFrame {
    /// Where it was to start.
    pub start: PhysAddr,
    /// The size that it was to have.
    pub size: PageSize,
}

impl Frame {
    /// The frame of `size` that starts at `start`.
    pub fn new(start: PhysAddr, size: PageSize) -> Result<Self, MisalignedFrame> {
        if start.is_aligned(size.bytes()) {
            Ok(Self { start, size })
        } else {
            Err(MisalignedFrame { start, size })
        }
    }

    /// The frame of `size` in which `address` lies.
    pub fn containing(address: PhysAddr, size: PageSize) -> Self {
        let start = address.align_down(size.bytes());
        Self { start, size }
    }

    /// Its first address.
    pub const fn start(self) -> PhysAddr {
        self.start
    }

    /// Its last address.
    pub const fn last(self) -> PhysAddr {
        // The bits below an aligned start are free to be set.
        PhysAddr::new_truncate(self.start.as_u64() | (self.size.bytes() - 1))
    }

    /// How much it spans.
    pub const fn size(self) -> PageSize {
        self.size
    }
}

impl From<PhysFrame> for Frame {
    fn from(frame: PhysFrame) -> Self {
        Self {
            start: frame.start_address(),
            size: PageSize::_4KiB,
        }
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "frame of {} at {:#x}", self.size, self.start)
    }
}

impl fmt::Display for MisalignedFrame {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no frame of {} can start at {:#x}", self.size, self.start)
    }
}

impl Error for MisalignedFrame {}
