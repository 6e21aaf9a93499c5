//! Permissions of a page. A page that is both writable and executable cannot be expressed.

use crate::{ElfSegmentFlags, LoadPlanError};

/// Permissions of a page. Every page is readable: x86-64 has no pages that can be written or executed but not read, and ELF allows a
/// system to grant read access that the file did not request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PagePermissions {
    /// Read.
    ReadOnly,
    /// Read and write.
    ReadWrite,
    /// Read and execute.
    ReadExecute,
}

impl PagePermissions {
    /// Converts the requested permissions of the segment at `address`.
    ///
    /// # Errors
    /// The segment is writable and executable, or has no permissions. The latter would reserve addresses that fault, as all unused
    /// addresses do anyway; to make it readable would contradict the file.
    pub(crate) const fn granted(flags: ElfSegmentFlags, address: u64) -> Result<Self, LoadPlanError> {
        match (flags.is_writable(), flags.is_executable()) {
            (true, true) => Err(LoadPlanError::WritableAndExecutable { address, flags }),
            (true, false) => Ok(Self::ReadWrite),
            (false, true) => Ok(Self::ReadExecute),
            (false, false) if flags.is_readable() => Ok(Self::ReadOnly),
            (false, false) => Err(LoadPlanError::NoPermissions { address }),
        }
    }
}
