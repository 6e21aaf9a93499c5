//! What a program may do with a page: one of three, so that a page that is writable and executable has no name.

use crate::{ElfSegmentFlags, LoadPlanError};

/// What a program may do with a page. It may read each: x86-64 knows no page that can be written or run but not read, and
/// ELF lets a system grant reading where it was not asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PagePermissions {
    /// Only read.
    ReadOnly,
    /// Read and write.
    ReadWrite,
    /// Read and run as code.
    ReadExecute,
}

impl PagePermissions {
    /// What the segment at an address is granted.
    ///
    /// One without any permission is refused: what it is for, an address range that faults, is what all other addresses
    /// are anyway, and to make it readable would be to do the opposite of what the file says.
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
