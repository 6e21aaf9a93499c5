//! The bytes of the file that belong into a copied page.

use crate::PAGE_SIZE_BYTES;
use core::ops::Range;
use thiserror::Error;

/// The bytes of the file that a page holds, at least one. The rest of the page is zero.
///
/// Always true: the range lies inside the file of the plan, and inside one page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilePart {
    pub(crate) offset_bytes: u64,
    pub(crate) offset_in_page_bytes: u64,
    pub(crate) size_bytes: u64,
}

/// The file ends before the bytes that the plan names, so the plan belongs to another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the file ends before its byte {end_bytes:#x}, so the plan is of another one")]
pub struct FileTooShort {
    /// Minimum size of the file.
    pub end_bytes: u64,
}

impl FilePart {
    /// Range of the bytes in the file.
    #[must_use]
    pub const fn in_file(&self) -> Range<u64> {
        self.offset_bytes..self.offset_bytes.saturating_add(self.size_bytes)
    }

    /// Range of the bytes in the page.
    #[must_use]
    pub const fn in_page(&self) -> Range<u64> {
        self.offset_in_page_bytes..self.offset_in_page_bytes.saturating_add(self.size_bytes)
    }

    /// Copies the bytes into a zeroed page.
    ///
    /// # Errors
    /// [`FileTooShort`]: the plan belongs to another file. The page is unchanged.
    pub fn copy_into(&self, page: &mut [u8; PAGE_SIZE_BYTES], file: &[u8]) -> Result<(), FileTooShort> {
        let bytes = indices(&self.in_file()).and_then(|range| file.get(range));
        let place = indices(&self.in_page()).and_then(|range| page.get_mut(range));
        // The range in the page is always valid; only the range in the file can be out of bounds.
        let (bytes, place) = bytes.zip(place).ok_or(FileTooShort {
            end_bytes: self.in_file().end,
        })?;
        place.copy_from_slice(bytes);
        Ok(())
    }
}

fn indices(range: &Range<u64>) -> Option<Range<usize>> {
    Some(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)
}
