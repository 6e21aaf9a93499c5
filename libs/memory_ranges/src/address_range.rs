//! A range of physical or virtual memory in whole 4 KiB pages.

use crate::pages::{PAGE_BYTES, Pages};
use core::{fmt, marker::PhantomData};
use thiserror::Error;
use x86_64::{PhysAddr, VirtAddr};

/// Number of the last frame: physical addresses have at most 52 bits.
pub(crate) const LAST_FRAME: u64 = (1 << 52) / PAGE_BYTES - 1;

/// The highest physical address. As an upper limit it allows every address.
pub const LAST_PHYS_ADDR: PhysAddr = PhysAddr::new((1 << 52) - 1);

/// A physical or virtual address, with the rule for the ranges that it can have.
pub trait Address: Copy {
    /// The address with this number. Bits that no address can have are cut off.
    fn from_u64(address: u64) -> Self;

    /// The address as a number.
    fn to_u64(self) -> u64;

    /// Whether all addresses of the pages `first..=last` are valid and may form one range.
    fn is_range(first: u64, last: u64) -> bool;
}

impl Address for PhysAddr {
    fn from_u64(address: u64) -> Self {
        Self::new_truncate(address)
    }

    fn to_u64(self) -> u64 {
        self.as_u64()
    }

    /// All addresses fit into 52 bits.
    fn is_range(_first: u64, last: u64) -> bool {
        last <= LAST_FRAME
    }
}

impl Address for VirtAddr {
    fn from_u64(address: u64) -> Self {
        Self::new_truncate(address)
    }

    fn to_u64(self) -> u64 {
        self.as_u64()
    }

    /// All addresses are canonical (48 bits) and lie in one half of the address space.
    fn is_range(first: u64, last: u64) -> bool {
        let last_lower_page = (1 << 47) / PAGE_BYTES - 1;
        let first_higher_page = 0xffff_8000_0000_0000 / PAGE_BYTES;
        last <= last_lower_page || (first >= first_higher_page && last <= u64::MAX / PAGE_BYTES)
    }
}

/// Physical memory: whole 4 KiB frames within 52 bits; never empty.
pub type PhysRange = AddressRange<PhysAddr>;

/// Virtual memory: whole 4 KiB pages in one half of the address space; never empty.
pub type VirtRange = AddressRange<VirtAddr>;

/// Whole 4 KiB pages, at least one, all of them valid addresses of type `A`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressRange<A> {
    pages: Pages,
    address_type: PhantomData<A>,
}

/// Why there is no such [`AddressRange`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "each error's text says what the error and its fields mean")]
pub enum RangeError<A: Address> {
    #[error("the size is 0")]
    Empty,
    #[error("{size_bytes:#x} bytes from {:#x} on are not whole pages of 4 KiB", start.to_u64())]
    Unaligned { start: A, size_bytes: u64 },
    #[error("{size_bytes:#x} bytes from {:#x} on leave the address space, or the half where they begin", start.to_u64())]
    TooLong { start: A, size_bytes: u64 },
}

impl<A: Address> AddressRange<A> {
    /// The range of `size_bytes` bytes from `start` on. Both must be multiples of 4 KiB.
    pub fn new(start: A, size_bytes: u64) -> Result<Self, RangeError<A>> {
        let first_byte = start.to_u64();
        if size_bytes == 0 {
            return Err(RangeError::Empty);
        }
        if !(first_byte | size_bytes).is_multiple_of(PAGE_BYTES) {
            return Err(RangeError::Unaligned { start, size_bytes });
        }
        Pages::from_count(first_byte / PAGE_BYTES, size_bytes / PAGE_BYTES)
            .filter(|pages| A::is_range(pages.first(), pages.last()))
            .map(Self::from_pages)
            .ok_or(RangeError::TooLong { start, size_bytes })
    }

    /// The range of these pages, which are part of a valid range.
    pub(crate) const fn from_pages(pages: Pages) -> Self {
        Self {
            pages,
            address_type: PhantomData,
        }
    }

    pub(crate) const fn pages(self) -> Pages {
        self.pages
    }

    /// The first address.
    #[must_use]
    pub fn start(self) -> A {
        A::from_u64(self.pages.first() * PAGE_BYTES)
    }

    /// The last address. An exclusive end may not exist: the range can reach the end of the address space.
    #[must_use]
    pub fn last(self) -> A {
        A::from_u64(self.pages.last() * PAGE_BYTES + (PAGE_BYTES - 1))
    }

    /// The size in bytes, a multiple of 4 KiB.
    #[must_use]
    pub const fn size_bytes(self) -> u64 {
        self.pages.size_bytes()
    }

    /// Whether all of `other` lies in here.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.pages.contains(other.pages)
    }

    /// The part that lies in both ranges, if any.
    #[must_use]
    pub fn intersection(self, other: Self) -> Option<Self> {
        self.pages.intersection(other.pages).map(Self::from_pages)
    }
}

impl<A: Address> fmt::Debug for AddressRange<A> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:#x}..={:#x}", self.start().to_u64(), self.last().to_u64())
    }
}
