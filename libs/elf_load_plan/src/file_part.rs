//! A piece of the file for a page that is copied.

use crate::PAGE_SIZE_BYTES;
use core::ops::Range;
use thiserror::Error;

/// What of the file lies in a page: at least one byte. All else of the page is zero.
///
/// What always holds: the bytes lie in the file that the plan was made of, and in one page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilePart {
    /// Where in the file the bytes begin.
    pub(crate) offset_bytes: u64,
    /// Where in the page they begin.
    pub(crate) offset_in_page_bytes: u64,
    /// How many they are.
    pub(crate) size_bytes: u64,
}

/// The file ends before the bytes that a plan wants: it is not the one that the plan was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the file ends before its byte {end_bytes:#x}, so the plan is of another one")]
pub struct FileTooShort {
    /// How long the file has to be.
    pub end_bytes: u64,
}

impl FilePart {
    /// Where in the file the bytes are.
    #[must_use]
    pub const fn in_file(&self) -> Range<u64> {
        self.offset_bytes..self.offset_bytes.saturating_add(self.size_bytes)
    }

    /// Where in the page they go.
    #[must_use]
    pub const fn in_page(&self) -> Range<u64> {
        self.offset_in_page_bytes..self.offset_in_page_bytes.saturating_add(self.size_bytes)
    }

    /// Copies the bytes into a page of zeros.
    ///
    /// # Errors
    /// The file is not the one that the plan was made of. The page stays as it was.
    pub fn copy_into(&self, page: &mut [u8; PAGE_SIZE_BYTES], file: &[u8]) -> Result<(), FileTooShort> {
        let bytes = indices(&self.in_file()).and_then(|range| file.get(range));
        let place = indices(&self.in_page()).and_then(|range| page.get_mut(range));
        // The place is in the page, as always: only the file's end can be missing.
        let (bytes, place) = bytes.zip(place).ok_or(FileTooShort {
            end_bytes: self.in_file().end,
        })?;
        place.copy_from_slice(bytes);
        Ok(())
    }
}

/// The range as one of indices, unless they cannot be so large.
fn indices(range: &Range<u64>) -> Option<Range<usize>> {
    Some(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)
}
