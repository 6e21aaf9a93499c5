//! One page of a plan.

use crate::{FilePart, PagePermissions, page_size::PAGE_BYTES};
use x86_64::structures::paging::{Page, Size4KiB};

/// One page of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedPage {
    /// Which page it is.
    pub page: Page<Size4KiB>,
    /// What it holds when the program starts.
    pub source: PageSource,
    /// What the program may do with it.
    pub permissions: PagePermissions,
}

/// What a page holds when the program starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageSource {
    /// This very frame of the module, with what the file has around the segment's bytes. Never a writable page.
    Shared(ModuleFrame),
    /// A frame of its own, with this part of the file and zeros around it.
    Copied(FilePart),
    /// A frame of its own, all zero.
    Zeroed,
}

/// A frame that the file lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModuleFrame {
    /// Number of frames before it.
    pub(crate) number: u64,
}

impl ModuleFrame {
    /// Bytes from the file's first byte to the frame.
    #[must_use]
    pub const fn offset_bytes(self) -> u64 {
        // It is a frame of a file that lies in memory.
        self.number.saturating_mul(PAGE_BYTES)
    }
}
