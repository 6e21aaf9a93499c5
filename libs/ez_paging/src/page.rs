//! A page: an aligned piece of virtual address space that one entry of a page table maps.
//!
//! What always holds: the start is a multiple of the size. `VirtAddr` is canonical, so a page lies in one half whole.

use core::{error::Error, fmt};

use x86_64::VirtAddr;

use crate::page_size::PageSize;

/// A page of any size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Page {
    /// Its first address.
    start: VirtAddr,
    /// How much it spans.
    size: PageSize,
}

/// The address that a page was to start at is not a multiple of the page's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MisalignedPage {
    /// Where it was to start.
    pub start: VirtAddr,
    /// The size that it was to have.
    pub size: PageSize,
}

impl Page {
    /// The page of `size` that starts at `start`.
    pub fn new(start: VirtAddr, size: PageSize) -> Result<Self, MisalignedPage> {
        if start.is_aligned(size.bytes()) {
            Ok(Self { start, size })
        } else {
            Err(MisalignedPage { start, size })
        }
    }

    /// The page of `size` in which `address` lies.
    pub fn containing(address: VirtAddr, size: PageSize) -> Self {
        let start = address.align_down(size.bytes());
        Self { start, size }
    }

    /// Its first address.
    pub const fn start(self) -> VirtAddr {
        self.start
    }

    /// Its last address. There is no "end": after the last page of the address space comes no address.
    pub const fn last(self) -> VirtAddr {
        // The bits below an aligned start are free to be set: neither overflow nor another half.
        VirtAddr::new_truncate(self.start.as_u64() | (self.size.bytes() - 1))
    }

    /// How much it spans.
    pub const fn size(self) -> PageSize {
        self.size
    }
}

impl fmt::Display for Page {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "page of {} at {:#x}", self.size, self.start)
    }
}

impl fmt::Display for MisalignedPage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no page of {} can start at {:#x}", self.size, self.start)
    }
}

impl Error for MisalignedPage {}
