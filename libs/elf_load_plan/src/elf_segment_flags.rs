//! The permissions that a file requests for a segment: read, write, execute.

use core::fmt;
use elf::abi::{PF_R, PF_W, PF_X};

/// The flags of a program header (`p_flags`). Bits without a meaning for this kernel are kept and ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ElfSegmentFlags(u32);

impl ElfSegmentFlags {
    /// Wraps the flags of a program header.
    #[must_use]
    pub const fn new(p_flags: u32) -> Self {
        Self(p_flags)
    }

    /// Whether the file requests read access.
    #[must_use]
    pub const fn is_readable(self) -> bool {
        self.0 & PF_R != 0
    }

    /// Whether the file requests write access.
    #[must_use]
    pub const fn is_writable(self) -> bool {
        self.0 & PF_W != 0
    }

    /// Whether the file requests execution.
    #[must_use]
    pub const fn is_executable(self) -> bool {
        self.0 & PF_X != 0
    }
}

impl fmt::Display for ElfSegmentFlags {
    /// Shows the flags like `ls`: `r-x`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (letter, is_set) in [
            ("r", self.is_readable()),
            ("w", self.is_writable()),
            ("x", self.is_executable()),
        ] {
            formatter.write_str(if is_set { letter } else { "-" })?;
        }
        Ok(())
    }
}
