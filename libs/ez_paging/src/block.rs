//! Pages and frames: aligned blocks of virtual and of physical memory that one entry of a page table maps.
//!
//! What always holds: the start is a multiple of the size. So a page lies in one half of the address space, and a frame
//! below 2^52, the architecture's limit. A CPU's own limit can be lower: [`crate::PagingFeatures`].

use core::fmt;

use thiserror::Error;
use x86_64::{PhysAddr, VirtAddr, structures::paging::PhysFrame};

use crate::page_size::PageSize;

/// A page of any size.
pub type Page = Block<VirtAddr>;

/// A frame of any size. Frames that are always 4 KiB, such as page tables, are `PhysFrame`.
pub type Frame = Block<PhysAddr>;

/// The start of a [`Page`] is not aligned to its size.
pub type MisalignedPage = Misaligned<VirtAddr>;

/// The start of a [`Frame`] is not aligned to its size.
pub type MisalignedFrame = Misaligned<PhysAddr>;

/// A virtual or physical address.
pub trait Address: Copy {
    /// A block's name in texts.
    const BLOCK_NAME: &'static str;

    /// The address with this number. Bits that no address can have are cut off.
    fn from_u64(address: u64) -> Self;

    /// The address as a number.
    fn to_u64(self) -> u64;
}

impl Address for VirtAddr {
    const BLOCK_NAME: &'static str = "page";

    #[inline]
    fn from_u64(address: u64) -> Self {
        Self::new_truncate(address)
    }

    #[inline]
    fn to_u64(self) -> u64 {
        self.as_u64()
    }
}

impl Address for PhysAddr {
    const BLOCK_NAME: &'static str = "frame";

    #[inline]
    fn from_u64(address: u64) -> Self {
        Self::new_truncate(address)
    }

    #[inline]
    fn to_u64(self) -> u64 {
        self.as_u64()
    }
}

/// A [`Page`] or a [`Frame`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Block<A> {
    start: A,
    size: PageSize,
}

/// The start of a block is not aligned to its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no {} of {size} can start at {:#x}", A::BLOCK_NAME, start.to_u64())]
pub struct Misaligned<A: Address> {
    /// The requested start.
    pub start: A,
    /// The requested size.
    pub size: PageSize,
}

impl<A: Address> Block<A> {
    /// The block of `size` that starts at `start`.
    #[inline]
    pub fn new(start: A, size: PageSize) -> Result<Self, Misaligned<A>> {
        if start.to_u64().is_multiple_of(size.bytes()) {
            Ok(Self { start, size })
        } else {
            Err(Misaligned { start, size })
        }
    }

    /// The block of `size` that contains `address`.
    #[inline]
    pub fn containing(address: A, size: PageSize) -> Self {
        let start = A::from_u64(address.to_u64() & !(size.bytes() - 1));
        Self { start, size }
    }

    /// The first address.
    #[inline]
    pub const fn start(self) -> A {
        self.start
    }

    /// The last address. An exclusive end may not exist: a page can reach the end of the address space.
    #[inline]
    pub fn last(self) -> A {
        A::from_u64(self.start.to_u64() | (self.size.bytes() - 1))
    }

    /// The size.
    #[inline]
    pub const fn size(self) -> PageSize {
        self.size
    }
}

impl From<PhysFrame> for Frame {
    #[inline]
    fn from(frame: PhysFrame) -> Self {
        Self {
            start: frame.start_address(),
            size: PageSize::_4KiB,
        }
    }
}

impl<A: Address> fmt::Display for Block<A> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, start) = (A::BLOCK_NAME, self.start.to_u64());
        write!(formatter, "{name} of {} at {start:#x}", self.size)
    }
}
