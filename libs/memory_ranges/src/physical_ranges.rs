//! The owner of each frame of the memory that the kernel manages.
//!
//! What always holds: each frame has one owner; no frame is added or removed, so the bytes of all owners together never
//! change; touching frames of one owner form one range; page 0 is not managed. An error changes nothing.

use crate::{
    address_range::{LAST_PHYS_ADDR, PhysRange},
    boot_map::BootMap,
    interval_map::{IntervalMap, WrongValue},
    memory_type::MemoryType,
    pages::{PAGE_BYTES, Pages},
};
use alloc::vec::Vec;
use thiserror::Error;
use x86_64::PhysAddr;

/// The owner of each frame. The kernel keeps it behind one lock; the head of this crate names the locks inside it.
#[derive(Debug, Clone)]
pub struct PhysicalRanges {
    owners: IntervalMap<MemoryType>,
}

/// Why no memory was allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "each error's text says what the error and its fields mean")]
pub enum AllocateError {
    #[error("{size_bytes:#x} bytes are not whole frames of 4 KiB, or none")]
    Size { size_bytes: u64 },
    #[error("the alignment {alignment_bytes:#x} is not a power of two, or less than 4 KiB")]
    Alignment { alignment_bytes: u64 },
    #[error("the requested owner is `Usable`")]
    OwnerIsUsable,
    #[error("no usable range up to {max_address:#x} has {size_bytes:#x} bytes aligned to {alignment_bytes:#x}")]
    OutOfMemory {
        size_bytes: u64,
        alignment_bytes: u64,
        max_address: PhysAddr,
    },
}

/// Why a range keeps its owner. The address is the first that prevents the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "each error's text says what the error and its fields mean")]
pub enum OwnershipError {
    #[error("the kernel does not manage {address:#x}")]
    NotManaged { address: PhysAddr },
    #[error("{address:#x} is usable memory already")]
    NotInUse { address: PhysAddr },
    #[error("{address:#x} belongs to another owner, {owner:?}")]
    OwnedByOther { address: PhysAddr, owner: MemoryType },
}

impl PhysicalRanges {
    /// Takes over all memory of the boot loader's map that is usable or has an owner, except page 0.
    #[must_use]
    pub fn from_boot_map(map: &BootMap) -> Self {
        let mut owners = IntervalMap::new();
        for (range, kind) in map.iter() {
            let managed = Pages::new(range.pages().first().max(1), range.pages().last());
            if let (Some(managed), Some(owner)) = (managed, kind.owner()) {
                owners.set(managed, owner);
            }
        }
        Self { owners }
    }

    /// Allocates the highest usable memory that fits and ends at `max_address` or below.
    ///
    /// `size_bytes` is a multiple of 4 KiB; `alignment_bytes` is a power of two, at least 4 KiB.
    pub fn allocate(
        &mut self,
        size_bytes: u64,
        alignment_bytes: u64,
        max_address: PhysAddr,
        owner: MemoryType,
    ) -> Result<PhysRange, AllocateError> {
        check_size(size_bytes)?;
        if !alignment_bytes.is_power_of_two() || alignment_bytes < PAGE_BYTES {
            return Err(AllocateError::Alignment { alignment_bytes });
        }
        let (count, alignment) = (size_bytes / PAGE_BYTES, alignment_bytes / PAGE_BYTES);
        let place = self
            .usable_up_to(max_address)
            .find_map(|usable| usable.highest_place(count, alignment));
        let out_of_memory = AllocateError::OutOfMemory {
            size_bytes,
            alignment_bytes,
            max_address,
        };
        self.give(place.ok_or(out_of_memory)?, owner)
    }

    /// Allocates the end of the highest usable range: `max_size_bytes` (a multiple of 4 KiB), or the whole range if it is
    /// smaller. For blocks of single frames, which can use small ranges too.
    pub fn allocate_up_to(&mut self, max_size_bytes: u64, owner: MemoryType) -> Result<PhysRange, AllocateError> {
        check_size(max_size_bytes)?;
        let max_address = LAST_PHYS_ADDR;
        let out_of_memory = AllocateError::OutOfMemory {
            size_bytes: PAGE_BYTES,
            alignment_bytes: PAGE_BYTES,
            max_address,
        };
        let usable = self.usable_up_to(max_address).next().ok_or(out_of_memory)?;
        let end = usable.highest_place(max_size_bytes / PAGE_BYTES, 1);
        self.give(end.unwrap_or(usable), owner)
    }

    /// Allocates this usable memory.
    pub fn allocate_at(&mut self, range: PhysRange, owner: MemoryType) -> Result<(), OwnershipError> {
        self.change_owner(range, MemoryType::Usable, owner)
    }

    /// Makes memory of this owner usable again.
    pub fn free(&mut self, range: PhysRange, owner: MemoryType) -> Result<(), OwnershipError> {
        if owner == MemoryType::Usable {
            let address = range.start();
            return Err(OwnershipError::NotInUse { address });
        }
        self.change_owner(range, owner, MemoryType::Usable)
    }

    /// Transfers memory that belongs entirely to `from` to another owner.
    pub fn change_owner(&mut self, range: PhysRange, from: MemoryType, to: MemoryType) -> Result<(), OwnershipError> {
        self.owners.change(range.pages(), from, to).map_err(ownership_error)
    }

    /// Makes all memory of this owner usable, and calls `on_range` for each range of it. Returns the number of bytes.
    pub fn reclaim(&mut self, owner: MemoryType, mut on_range: impl FnMut(PhysRange)) -> u64 {
        let owned: Vec<PhysRange> = self.ranges_of(owner).collect();
        let mut reclaimed_bytes = 0;
        for range in owned {
            self.owners.set(range.pages(), MemoryType::Usable);
            on_range(range);
            reclaimed_bytes += range.size_bytes();
        }
        reclaimed_bytes
    }

    /// Whether the kernel manages any of these frames.
    #[must_use]
    pub fn overlaps(&self, range: PhysRange) -> bool {
        self.owners.overlapping(range.pages()).next().is_some()
    }

    /// All ranges in ascending order. Two ranges that touch have different owners.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (PhysRange, MemoryType)> + '_ {
        let runs = self.owners.iter();
        runs.map(|(run, owner)| (PhysRange::from_pages(run), owner))
    }

    /// Number of bytes of this owner.
    #[must_use]
    pub fn bytes_of(&self, owner: MemoryType) -> u64 {
        self.ranges_of(owner).map(PhysRange::size_bytes).sum()
    }

    /// Number of bytes of each owner, in the order of [`MemoryType::ALL`].
    #[must_use]
    pub fn statistics(&self) -> [(MemoryType, u64); MemoryType::ALL.len()] {
        MemoryType::ALL.map(|owner| (owner, self.bytes_of(owner)))
    }

    fn ranges_of(&self, owner: MemoryType) -> impl Iterator<Item = PhysRange> + '_ {
        let owned = self.iter().filter(move |(_, other)| *other == owner);
        owned.map(|(range, _)| range)
    }

    /// The usable runs up to this address, cut off there, the highest first.
    fn usable_up_to(&self, max_address: PhysAddr) -> impl Iterator<Item = Pages> + '_ {
        let allowed_count = (max_address.as_u64() + 1) / PAGE_BYTES;
        Pages::from_count(0, allowed_count).into_iter().flat_map(|allowed| {
            let runs = self.owners.overlapping(allowed).rev();
            let usable = runs.filter(|(_, owner)| *owner == MemoryType::Usable);
            usable.filter_map(move |(run, _)| run.intersection(allowed))
        })
    }

    fn give(&mut self, place: Pages, owner: MemoryType) -> Result<PhysRange, AllocateError> {
        if owner == MemoryType::Usable {
            return Err(AllocateError::OwnerIsUsable);
        }
        self.owners.set(place, owner);
        Ok(PhysRange::from_pages(place))
    }
}

fn check_size(size_bytes: u64) -> Result<(), AllocateError> {
    if size_bytes == 0 || !size_bytes.is_multiple_of(PAGE_BYTES) {
        return Err(AllocateError::Size { size_bytes });
    }
    Ok(())
}

fn ownership_error(WrongValue { page, value }: WrongValue<MemoryType>) -> OwnershipError {
    let address = PhysAddr::new_truncate(page * PAGE_BYTES);
    match value {
        None => OwnershipError::NotManaged { address },
        Some(MemoryType::Usable) => OwnershipError::NotInUse { address },
        Some(owner) => OwnershipError::OwnedByOther { address, owner },
    }
}
