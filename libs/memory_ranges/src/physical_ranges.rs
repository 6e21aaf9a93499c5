//! Who owns each frame of the memory that the kernel may give out.
//!
//! What always holds: each frame has one owner; frames neither come nor go, so the bytes of all owners together never
//! change; touching frames of one owner are one range; page 0 is not among them. An error changes nothing.

use crate::{
    boot_map::BootMap,
    memory_type::MemoryType,
    pages::{PAGE_BYTES, Pages},
    phys_range::{LAST_FRAME, PhysRange},
    shape::{Shape, ShapeError},
    tiling::{Tiling, TilingError},
};
use x86_64::PhysAddr;

/// Who owns each frame. Kept under one lock; see the head of this crate for the locks that may be taken inside.
#[derive(Debug, Clone)]
pub struct PhysicalRanges {
    /// The owner of each frame.
    frames: Tiling<MemoryType>,
}

/// Why nothing was given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllocateError {
    /// No range can look like that.
    Shape(ShapeError),
    /// The new owner is nobody.
    OwnerIsUsable,
    /// No usable range is large enough.
    OutOfMemory {
        /// The size that was asked for.
        size_bytes: u64,
        /// The alignment that was asked for.
        alignment_bytes: u64,
        /// The last address that was allowed.
        max_address: PhysAddr,
    },
    /// The interval tree refused.
    BookkeepingRefused,
}

/// Why a range keeps its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnershipError {
    /// This address is in no memory that the kernel may give out.
    NotManaged {
        /// The first such address.
        address: PhysAddr,
    },
    /// This address is usable memory, so nobody can give it back.
    NotInUse {
        /// The first such address.
        address: PhysAddr,
    },
    /// This address is another's.
    OwnedByOther {
        /// The first such address.
        address: PhysAddr,
        /// Who owns it.
        owner: MemoryType,
    },
    /// The interval tree refused.
    BookkeepingRefused,
}

impl PhysicalRanges {
    /// All memory of the boot loader's map that belongs to somebody or is usable, but page 0.
    pub fn from_boot_map(map: &BootMap) -> Result<Self, OwnershipError> {
        let mut frames = Tiling::new();
        let without_page_0 = Pages::new(1, LAST_FRAME).ok_or(OwnershipError::BookkeepingRefused)?;
        for (range, kind) in map.iter() {
            let managed = range.pages().intersection(without_page_0);
            if let (Some(managed), Some(owner)) = (managed, kind.owner()) {
                frames.add(managed, owner).map_err(ownership_error)?;
            }
        }
        Ok(Self { frames })
    }

    /// Gives usable memory to a new owner: the highest that fits and ends at `max_address` or below.
    pub fn allocate(
        &mut self,
        size_bytes: u64,
        alignment_bytes: u64,
        max_address: PhysAddr,
        owner: MemoryType,
    ) -> Result<PhysRange, AllocateError> {
        let shape = Shape::new(size_bytes, alignment_bytes).map_err(AllocateError::Shape)?;
        let place = self
            .usable_up_to(max_address)
            .find_map(|usable| shape.highest_in(usable));
        let out_of_memory = AllocateError::OutOfMemory {
            size_bytes,
            alignment_bytes,
            max_address,
        };
        self.give(place.ok_or(out_of_memory)?, owner)
    }

    /// Gives frames side by side to a new owner, as many as `max_size_bytes` says or fewer: the end of the highest
    /// usable range below `max_address`. For a stock of single frames: no range is passed over because it is small.
    pub fn allocate_up_to(
        &mut self,
        max_size_bytes: u64,
        max_address: PhysAddr,
        owner: MemoryType,
    ) -> Result<PhysRange, AllocateError> {
        let alignment_bytes = PAGE_BYTES;
        Shape::new(max_size_bytes, alignment_bytes).map_err(AllocateError::Shape)?;
        let out_of_memory = AllocateError::OutOfMemory {
            size_bytes: PAGE_BYTES,
            alignment_bytes,
            max_address,
        };
        let usable = self.usable_up_to(max_address).next().ok_or(out_of_memory)?;
        let first = (usable.last() + 1).saturating_sub(max_size_bytes / PAGE_BYTES);
        let end = Pages::new(first.max(usable.first()), usable.last());
        self.give(end.unwrap_or(usable), owner)
    }

    /// Gives this usable memory to a new owner.
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

    /// Hands memory from one owner to another; all of it must be the first one's.
    pub fn change_owner(&mut self, range: PhysRange, from: MemoryType, to: MemoryType) -> Result<(), OwnershipError> {
        self.frames.transfer(range.pages(), from, to).map_err(ownership_error)
    }

    /// Makes all memory of this owner usable, tells `on_range` each range of it, and says how many bytes that were.
    pub fn reclaim(&mut self, owner: MemoryType, mut on_range: impl FnMut(PhysRange)) -> Result<u64, OwnershipError> {
        let mut reclaimed_bytes = 0;
        let mut rest = Pages::new(0, LAST_FRAME);
        while let Some(pages) = rest {
            let Some((range, _)) = self.frames.overlapping(pages).find(|(_, other)| *other == owner) else {
                break;
            };
            self.frames
                .transfer(range, owner, MemoryType::Usable)
                .map_err(ownership_error)?;
            PhysRange::from_pages(range).into_iter().for_each(&mut on_range);
            reclaimed_bytes += range.size_bytes();
            rest = Pages::new(range.last() + 1, LAST_FRAME);
        }
        Ok(reclaimed_bytes)
    }

    /// The owner of the frame at this address, if the kernel may give it out.
    #[must_use]
    pub fn owner_at(&self, address: PhysAddr) -> Option<MemoryType> {
        let frame = address.as_u64() / PAGE_BYTES;
        let mut ranges = self.frames.overlapping(Pages::new(frame, frame)?);
        ranges.next().map(|(_, owner)| owner)
    }

    /// Whether the kernel may give out any of these frames.
    #[must_use]
    pub fn overlaps(&self, range: PhysRange) -> bool {
        self.frames.overlapping(range.pages()).next().is_some()
    }

    /// All ranges in ascending order, each as long as its owner's frames touch.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (PhysRange, MemoryType)> + '_ {
        let ranges = self.frames.iter();
        ranges.filter_map(|(frames, owner)| Some((PhysRange::from_pages(frames)?, owner)))
    }

    /// How many bytes this owner has.
    #[must_use]
    pub fn bytes_of(&self, owner: MemoryType) -> u64 {
        let owned = self.iter().filter(|(_, other)| *other == owner);
        owned.map(|(range, _)| range.size_bytes()).sum()
    }

    /// How many bytes all owners have together.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.iter().map(|(range, _)| range.size_bytes()).sum()
    }

    /// How many bytes each owner has, in the order of [`MemoryType::ALL`].
    #[must_use]
    pub fn statistics(&self) -> [(MemoryType, u64); MemoryType::ALL.len()] {
        let mut statistics = MemoryType::ALL.map(|owner| (owner, 0));
        for (range, owner) in self.iter() {
            if let Some((_, bytes)) = statistics.iter_mut().find(|(other, _)| *other == owner) {
                *bytes += range.size_bytes();
            }
        }
        statistics
    }

    /// The usable ranges up to this address, cut off there, the highest first.
    fn usable_up_to(&self, max_address: PhysAddr) -> impl Iterator<Item = Pages> + '_ {
        let last_allowed = ((max_address.as_u64() + 1) / PAGE_BYTES).checked_sub(1);
        let allowed = last_allowed.and_then(|last| Pages::new(0, last));
        allowed.into_iter().flat_map(|allowed| {
            let ranges = self.frames.overlapping(allowed).rev();
            let usable = ranges.filter(|(_, owner)| *owner == MemoryType::Usable);
            usable.filter_map(move |(range, _)| range.intersection(allowed))
        })
    }

    /// Gives these usable frames to a new owner.
    fn give(&mut self, place: Pages, owner: MemoryType) -> Result<PhysRange, AllocateError> {
        if owner == MemoryType::Usable {
            return Err(AllocateError::OwnerIsUsable);
        }
        let range = PhysRange::from_pages(place).ok_or(AllocateError::BookkeepingRefused)?;
        let transferred = self.frames.transfer(place, MemoryType::Usable, owner);
        transferred.map_err(|_| AllocateError::BookkeepingRefused)?;
        Ok(range)
    }
}

/// Tells the tiling's error in the words of memory.
fn ownership_error(error: TilingError<MemoryType>) -> OwnershipError {
    let address = |frame: u64| PhysAddr::new_truncate(frame * PAGE_BYTES);
    match error {
        TilingError::Absent { page } => OwnershipError::NotManaged { address: address(page) },
        TilingError::Different {
            page,
            value: MemoryType::Usable,
        } => OwnershipError::NotInUse { address: address(page) },
        TilingError::Different { page, value } => OwnershipError::OwnedByOther {
            address: address(page),
            owner: value,
        },
        TilingError::Refused => OwnershipError::BookkeepingRefused,
    }
}
