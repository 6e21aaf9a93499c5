//! One page of a plan.

use crate::{FilePart, PagePermissions, page_size::PAGE_BYTES};
use x86_64::structures::paging::{Page, Size4KiB};

/// One page of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedPage {
    /// The page.
    pub page: Page<Size4KiB>,
    /// Its content at the start of the program.
    pub source: PageSource,
    /// Its permissions.
    pub permissions: PagePermissions,
}

/// Content of a page at the start of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageSource {
    /// This frame of the module itself, including the bytes of the file around the segment. Never a writable page.
    Shared(ModuleFrame),
    /// A new frame with this part of the file; the rest is zero.
    Copied(FilePart),
    /// A new frame, all zero.
    Zeroed,
}

/// A frame of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModuleFrame {
    /// Number of frames before it.
    pub(crate) number: u64,
}

impl ModuleFrame {
    /// Offset of the frame in the file.
    #[must_use]
    pub const fn offset_bytes(self) -> u64 {
        // The file lies in memory, so there is no overflow.
        self.number.saturating_mul(PAGE_BYTES)
    }
}
