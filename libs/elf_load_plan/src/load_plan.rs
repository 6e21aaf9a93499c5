//! The load plan: the order of the checks, and what a valid file provides.

use crate::program_headers::Role;
use crate::segment::Segment;
use crate::{Limits, LoadPlanError, PlannedPage, file_header, program_headers, segment_checks};
use arrayvec::ArrayVec;
use x86_64::VirtAddr;

/// Maximum number of non-empty segments. Linkers write three to five.
pub const SEGMENT_LIMIT: usize = 16;

/// A validated plan for each page of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadPlan {
    entry_point: VirtAddr,
    /// In ascending order; no page is in two segments.
    segments: ArrayVec<Segment, SEGMENT_LIMIT>,
}

impl LoadPlan {
    /// Validates a file, and plans its memory.
    ///
    /// # Errors
    /// [`LoadPlanError`]: the first rule that the file breaks.
    pub fn from_elf(file: &[u8], limits: &Limits) -> Result<Self, LoadPlanError> {
        let file_bytes = file.len() as u64;
        let header = file_header::checked(file)?;
        let mut segments = ArrayVec::new();
        for program_header in program_headers::of(file, &header)?.iter() {
            if program_headers::role(&program_header)? == Role::Load {
                let segment = segment_checks::checked(&program_header, file_bytes, limits)?;
                append(&mut segments, segment)?;
            }
        }
        check_entry_point(header.e_entry, &segments)?;
        let plan = Self {
            entry_point: VirtAddr::new_truncate(header.e_entry),
            segments,
        };
        plan.check_size(limits)?;
        Ok(plan)
    }

    /// Entry point, which lies in an executable page.
    #[must_use]
    pub const fn entry_point(&self) -> VirtAddr {
        self.entry_point
    }

    /// Returns every page of the program in ascending order, without the stack.
    pub fn pages(&self) -> impl Iterator<Item = PlannedPage> {
        self.segments.iter().flat_map(Segment::pages)
    }

    /// Number of frames that one start of the program takes: one for each copied or zeroed page.
    #[must_use]
    pub fn pages_to_allocate(&self) -> u64 {
        // At most 16 times the pages of the lower half, so there is no overflow.
        let counts = self.segments.iter().map(Segment::pages_to_allocate);
        counts.fold(0, u64::saturating_add)
    }

    /// Compares the size with the free frames, before anything is allocated.
    fn check_size(&self, limits: &Limits) -> Result<(), LoadPlanError> {
        let pages = self.pages_to_allocate();
        if pages > limits.free_frames {
            return Err(LoadPlanError::TooLarge {
                pages,
                free_frames: limits.free_frames,
            });
        }
        Ok(())
    }
}

/// Appends a segment behind the others.
///
/// ELF has them ascend by address, and every linker does as it says, so a file that does not is broken, or made to deceive
/// those who rely on it. As it is, comparing neighbours is enough.
fn append(segments: &mut ArrayVec<Segment, SEGMENT_LIMIT>, segment: Segment) -> Result<(), LoadPlanError> {
    if let Some(previous) = segments.last() {
        let (lower, higher) = (previous.page_numbers(), segment.page_numbers());
        let (previous, address) = (previous.address(), segment.address());
        if lower.start < higher.end && higher.start < lower.end {
            return Err(LoadPlanError::SharesPage { address, previous });
        }
        if higher.start < lower.start {
            return Err(LoadPlanError::OutOfOrder { address, previous });
        }
    }
    segments
        .try_push(segment)
        .map_err(|_| LoadPlanError::TooManySegments { limit: SEGMENT_LIMIT })
}

fn check_entry_point(entry_point: u64, segments: &[Segment]) -> Result<(), LoadPlanError> {
    if segments.is_empty() {
        return Err(LoadPlanError::NoSegment);
    }
    if !segments.iter().any(|segment| segment.is_code_at(entry_point)) {
        return Err(LoadPlanError::EntryPoint { entry_point });
    }
    Ok(())
}
