//! The frames that the file lies in, counted from its first byte on.

use crate::SEGMENT_LIMIT;
use crate::page_size::{PAGE_BYTES, count};
use arrayvec::ArrayVec;
use core::iter;
use core::ops::Range;

/// A frame that the file lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModuleFrame {
    /// How many frames come before it.
    number: u64,
}

/// Frames side by side that the file lies in: at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModuleFrames {
    /// The number of the first one.
    first: u64,
    /// The number of the one behind the last.
    end: u64,
}

impl ModuleFrame {
    /// How far behind the first byte of the file it begins.
    #[must_use]
    pub const fn offset_bytes(self) -> u64 {
        // It is a frame of a file that lies in memory.
        self.number.saturating_mul(PAGE_BYTES)
    }

    /// The frame that so many come before.
    pub(crate) const fn of_number(number: u64) -> Self {
        Self { number }
    }
}

impl ModuleFrames {
    /// How far behind the first byte of the file they begin.
    #[must_use]
    pub const fn offset_bytes(self) -> u64 {
        ModuleFrame::of_number(self.first).offset_bytes()
    }

    /// Their size.
    #[must_use]
    pub const fn size_bytes(self) -> u64 {
        count(&(self.first..self.end)).saturating_mul(PAGE_BYTES)
    }

    /// The frames with these numbers, which are not none.
    pub(crate) const fn of_numbers(numbers: Range<u64>) -> Self {
        Self {
            first: numbers.start,
            end: numbers.end,
        }
    }
}

/// The same frames in ascending order, each once, as few ranges.
pub(crate) fn merged(mut frames: ArrayVec<ModuleFrames, SEGMENT_LIMIT>) -> ArrayVec<ModuleFrames, SEGMENT_LIMIT> {
    frames.sort_unstable_by_key(|range| range.first);
    let mut ascending: ArrayVec<ModuleFrames, SEGMENT_LIMIT> = ArrayVec::new();
    for range in frames {
        match ascending.last_mut() {
            Some(last) if range.first <= last.end => last.end = last.end.max(range.end),
            // Never more than went in.
            _ => ascending.push(range),
        }
    }
    ascending
}

/// The frames before, between and behind ranges that [`merged`] gave, of so many frames in all.
pub(crate) fn gaps_between(
    ranges: impl Iterator<Item = ModuleFrames>,
    frames_count: u64,
) -> impl Iterator<Item = ModuleFrames> {
    let behind_all = ModuleFrames {
        first: frames_count,
        end: frames_count,
    };
    let gaps = ranges.chain(iter::once(behind_all)).scan(0, |previous_end, range| {
        let gap = *previous_end..range.first;
        *previous_end = range.end;
        Some(gap)
    });
    gaps.filter(|gap| !gap.is_empty()).map(ModuleFrames::of_numbers)
}
