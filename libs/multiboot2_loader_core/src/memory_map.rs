//! The memory map that the loader works with and then publishes.
//!
//! What always holds: the ranges are sorted, none is empty, none overlaps another, and two that touch are of
//! different kinds. All lie below [`DIRECT_MAP_LIMIT`]. Once [frozen](MemoryMap::freeze) the borrow checker keeps the
//! map as it is: page tables and the published map describe the same memory.

mod allocation;

pub use allocation::{Allocation, AllocationError};

use crate::address::{DIRECT_MAP_LIMIT, Extent, FOUR_GIB, PAGE_SIZE_BYTES, PhysAddr, align_down, align_up};

/// The most ranges that a map holds. EFI firmware with much memory has about 150.
pub const RANGE_LIMIT: usize = 1024;

/// What a range of memory is, by the numbers of the Limine boot protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum RangeKind {
    /// Free for the kernel.
    Usable = 0,
    /// Not memory, or not ours.
    Reserved = 1,
    /// ACPI tables: free once read.
    AcpiReclaimable = 2,
    /// ACPI's own storage.
    AcpiNvs = 3,
    /// Broken memory.
    BadMemory = 4,
    /// The loader's: free once the kernel is done with the responses, the stack and the page tables.
    BootloaderReclaimable = 5,
    /// The kernel and its modules.
    ExecutableAndModules = 6,
    /// The screen.
    FrameBuffer = 7,
    /// Reserved, but holding tables that the kernel reads through the direct map.
    ReservedMapped = 8,
}

impl RangeKind {
    /// Whether the direct map shows memory of this kind (base revision 6; showing it at 3 to 5 does no harm).
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
    /// First byte behind it.
    pub end: u64,
    /// What it is.
    pub kind: RangeKind,
}

/// More ranges than [`RANGE_LIMIT`]. The map is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the memory map has more than 1024 ranges")]
pub struct TooManyRanges;

/// The map. It takes 24 KiB: keep it in a static, not on a small stack.
#[derive(Debug)]
pub struct MemoryMap {
    /// The ranges; those from `count` on mean nothing.
    ranges: [Range; RANGE_LIMIT],
    /// How many there are.
    count: usize,
}

impl Default for MemoryMap {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryMap {
    /// A map without any range.
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

    /// The ranges in order.
    #[must_use]
    pub fn ranges(&self) -> &[Range] {
        self.ranges.get(..self.count).unwrap_or_default()
    }

    /// Makes `extent` of kind `kind`, whatever it was before. What lies beyond the direct map is left out.
    ///
    /// # Errors
    /// When the list is full.
    pub fn set(&mut self, extent: Extent, kind: RangeKind) -> Result<(), TooManyRanges> {
        let base = extent.base.as_u64();
        let end = extent.end().as_u64().min(DIRECT_MAP_LIMIT);
        if base >= end {
            return Ok(());
        }
        // What touches or overlaps: its parts to the left and right stay, or melt into the new range.
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

    /// Takes memory from the top of the highest usable range that fits.
    ///
    /// # Errors
    /// When nothing fits, or the list is full.
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

    /// Cuts usable and boot-loader memory to whole pages, as the protocol promises. The scraps are listed no more.
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

    /// Makes sure that the kernel can read `extent` through the direct map and will not overwrite it: of the pages
    /// that hold it, the reserved, the unlisted and the usable ones become [`RangeKind::ReservedMapped`].
    ///
    /// # Errors
    /// When the list is full.
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

    /// Ends all changes, for as long as the result is used.
    pub fn freeze(&mut self) -> FrozenMemoryMap<'_> {
        FrozenMemoryMap { ranges: self.ranges() }
    }

    /// Puts `pieces` in place of the ranges `first..behind`.
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

/// Lets `range` grow over a neighbour of the same kind, which thereby goes: always false, for use in a filter.
fn extend(range: &mut Range, neighbour: Range) -> bool {
    range.base = range.base.min(neighbour.base);
    range.end = range.end.max(neighbour.end);
    false
}

/// A map that changes no more.
#[derive(Clone, Copy, Debug)]
pub struct FrozenMemoryMap<'a> {
    /// The ranges in order.
    ranges: &'a [Range],
}

impl<'a> FrozenMemoryMap<'a> {
    /// The ranges in order.
    #[must_use]
    pub const fn ranges(&self) -> &'a [Range] {
        self.ranges
    }
}
