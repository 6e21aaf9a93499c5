//! The memory map that the loader uses and then publishes.
//!
//! Always true: the ranges are sorted, not empty, and do not overlap; two adjacent ranges have different
//! kinds. All lie below [`DIRECT_MAP_LIMIT`]. Once [frozen](MemoryMap::freeze) the borrow checker keeps the
//! map as it is: page tables and the published map describe the same memory.

mod allocation;

pub use allocation::{Allocation, AllocationError};

use crate::address::{DIRECT_MAP_LIMIT, Extent, FOUR_GIB, PAGE_SIZE_BYTES, PhysAddr, align_down, align_up};

/// Maximum number of ranges. EFI firmware with much memory has about 150.
pub const RANGE_LIMIT: usize = 1024;

/// Kind of a memory range; the numbers are those of the Limine boot protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum RangeKind {
    /// Free for the kernel.
    Usable = 0,
    /// Not memory, or not available.
    Reserved = 1,
    /// ACPI tables: free once read.
    AcpiReclaimable = 2,
    /// ACPI non-volatile storage.
    AcpiNvs = 3,
    /// Broken memory.
    BadMemory = 4,
    /// Memory of the loader: free when the kernel no longer needs responses, stack and page tables.
    BootloaderReclaimable = 5,
    /// The kernel and its modules.
    ExecutableAndModules = 6,
    /// The screen.
    FrameBuffer = 7,
    /// Reserved, but holding tables that the kernel reads through the direct map.
    ReservedMapped = 8,
}

impl RangeKind {
    /// Whether the direct map contains memory of this kind (base revision 6; harmless at 3 to 5).
    #[must_use]
    pub const fn is_mapped(self) -> bool {
        !matches!(self, Self::Reserved | Self::BadMemory)
    }
}

/// A range of memory of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// First byte.
    pub base: u64,
    /// End (exclusive).
    pub end: u64,
    /// Its kind.
    pub kind: RangeKind,
}

/// More ranges than [`RANGE_LIMIT`]. The map is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the memory map has more than 1024 ranges")]
pub struct TooManyRanges;

/// The memory map. Its size is 24 KiB: keep it in a static, not on a small stack.
#[derive(Debug)]
pub struct MemoryMap {
    /// The ranges; those from `count` on are unused.
    ranges: [Range; RANGE_LIMIT],
    /// Their number.
    count: usize,
}

impl Default for MemoryMap {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryMap {
    /// Creates an empty map.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            ranges: [Range {
                base: 0,
                end: 0,
                kind: RangeKind::Reserved,
            }; RANGE_LIMIT],
            count: 0,
        }
    }

    /// Returns the ranges in order.
    #[must_use]
    pub fn ranges(&self) -> &[Range] {
        self.ranges.get(..self.count).unwrap_or_default()
    }

    /// Sets the kind of `extent`, whatever it was before. Memory beyond the direct map is left out.
    ///
    /// # Errors
    /// The list is full.
    pub fn set(&mut self, extent: Extent, kind: RangeKind) -> Result<(), TooManyRanges> {
        let base = extent.base.as_u64();
        let end = extent.end().as_u64().min(DIRECT_MAP_LIMIT);
        if base >= end {
            return Ok(());
        }
        // The parts of adjacent and overlapping ranges to the left and right stay, or merge with the new range.
        let first = self.ranges().partition_point(|range| range.end < base);
        let behind = self.ranges().partition_point(|range| range.base <= end);
        let touched = self.ranges().get(first..behind).unwrap_or_default();
        let left = touched.first().filter(|range| range.base < base).map(|range| Range {
            end: range.end.min(base),
            ..*range
        });
        let right = touched.last().filter(|range| range.end > end).map(|range| Range {
            base: range.base.max(end),
            ..*range
        });
        let mut middle = Range { base, end, kind };
        let left = left.filter(|range| range.kind != kind || extend(&mut middle, *range));
        let right = right.filter(|range| range.kind != kind || extend(&mut middle, *range));
        self.replace(first, behind, [left, Some(middle), right])
    }

    /// Allocates memory at the top of the highest usable range that is large enough.
    ///
    /// # Errors
    /// No range is large enough, or the list is full.
    pub fn allocate(&mut self, wish: &Allocation) -> Result<PhysAddr, AllocationError> {
        let &Allocation {
            purpose,
            size_bytes,
            kind,
            minimum,
            maximum,
            ..
        } = wish;
        let size = align_up(size_bytes, PAGE_SIZE_BYTES).max(PAGE_SIZE_BYTES);
        let alignment = wish.alignment_bytes.max(PAGE_SIZE_BYTES);
        let place = |range: &Range| {
            let lowest = range.base.max(minimum);
            let highest = range.end.min(maximum).min(FOUR_GIB);
            let base = align_down(highest.checked_sub(size)?, alignment);
            (range.kind == RangeKind::Usable && base >= lowest).then_some(PhysAddr::new(base))
        };
        let Some(base) = self.ranges().iter().rev().find_map(place) else {
            return Err(AllocationError::OutOfMemory {
                purpose,
                size_bytes,
                minimum,
                maximum,
            });
        };
        self.set(Extent::new(base, size), kind)?;
        Ok(base)
    }

    /// Cuts usable and boot loader memory to whole pages, as the protocol requires. The remaining parts of pages are removed from the map.
    pub fn trim(&mut self) {
        let mut kept = 0;
        for index in 0..self.count {
            let Some(&(mut range)) = self.ranges.get(index) else {
                break;
            };
            if matches!(range.kind, RangeKind::Usable | RangeKind::BootloaderReclaimable) {
                range.base = align_up(range.base, PAGE_SIZE_BYTES);
                range.end = align_down(range.end, PAGE_SIZE_BYTES);
            }
            if range.base < range.end
                && let Some(slot) = self.ranges.get_mut(kept)
            {
                *slot = range;
                kept += 1;
            }
        }
        self.count = kept;
    }

    /// Lets the kernel read `extent` through the direct map, and keeps it from being overwritten: pages of it that are reserved, unlisted or
    /// usable become [`RangeKind::ReservedMapped`].
    ///
    /// # Errors
    /// The list is full.
    pub fn protect(&mut self, extent: Extent) -> Result<(), TooManyRanges> {
        let pages = extent.pages();
        let end = pages.end().as_u64();
        let mut at = pages.base.as_u64();
        while at < end {
            let next = self.ranges().partition_point(|range| range.end <= at);
            let (kind, stop) = match self.ranges().get(next) {
                Some(range) if range.base <= at => (Some(range.kind), range.end),
                Some(range) => (None, range.base),
                None => (None, end),
            };
            let stop = stop.min(end);
            if matches!(kind, None | Some(RangeKind::Reserved | RangeKind::Usable)) {
                self.set(Extent::new(PhysAddr::new(at), stop - at), RangeKind::ReservedMapped)?;
            }
            at = stop;
        }
        Ok(())
    }

    /// Prevents changes while the result is in use.
    pub fn freeze(&mut self) -> FrozenMemoryMap<'_> {
        FrozenMemoryMap { ranges: self.ranges() }
    }

    /// Replaces the ranges `first..behind` by `pieces`.
    fn replace(&mut self, first: usize, behind: usize, pieces: [Option<Range>; 3]) -> Result<(), TooManyRanges> {
        let piece_count = pieces.iter().flatten().count();
        let count = self.count - (behind - first) + piece_count;
        if count > RANGE_LIMIT {
            return Err(TooManyRanges);
        }
        self.ranges.copy_within(behind..self.count, first + piece_count);
        for (slot, piece) in self.ranges.iter_mut().skip(first).zip(pieces.into_iter().flatten()) {
            *slot = piece;
        }
        self.count = count;
        Ok(())
    }
}

/// Merges a neighbour of the same kind into `range`. Always returns `false`, for use in a filter.
fn extend(range: &mut Range, neighbour: Range) -> bool {
    range.base = range.base.min(neighbour.base);
    range.end = range.end.max(neighbour.end);
    false
}

/// A map that cannot change.
#[derive(Clone, Copy, Debug)]
pub struct FrozenMemoryMap<'a> {
    /// Returns the ranges in order.
    ranges: &'a [Range],
}

impl<'a> FrozenMemoryMap<'a> {
    /// Returns the ranges in order.
    #[must_use]
    pub const fn ranges(&self) -> &'a [Range] {
        self.ranges
    }
}
