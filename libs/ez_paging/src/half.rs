//! The two halves of the address space: the lower for programs, the higher for the kernel.
//!
//! With four levels of tables an address has 48 significant bits, and bits 48 to 63 repeat bit 47. So the valid addresses are
//! two ranges of 128 TiB, one at the bottom and one at the top. Five levels (CR4.LA57) are not used.

use core::{fmt, ops::Range};

use x86_64::VirtAddr;

/// One half of the virtual address space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// For programs: from 0 up.
    Lower,
    /// For the kernel: up to the last address.
    Higher,
}

/// The highest significant bit: set in the higher half.
const HALF_BIT: u64 = 1 << 47;

impl Half {
    /// The half that contains `address`.
    pub const fn of(address: VirtAddr) -> Self {
        if address.as_u64() & HALF_BIT == 0 {
            Self::Lower
        } else {
            Self::Higher
        }
    }

    /// The last address.
    pub const fn last(self) -> VirtAddr {
        match self {
            Self::Lower => VirtAddr::new_truncate(HALF_BIT - 1),
            Self::Higher => VirtAddr::new_truncate(u64::MAX),
        }
    }

    /// Whether `length_bytes` bytes from `start` on all lie in this half. An empty range always does.
    pub(crate) fn holds(self, start: VirtAddr, length_bytes: u64) -> bool {
        let after_first = self.last().as_u64().wrapping_sub(start.as_u64());
        length_bytes == 0 || (Self::of(start) == self && length_bytes - 1 <= after_first)
    }

    pub(crate) const fn level_4_indexes(self) -> Range<u16> {
        match self {
            Self::Lower => 0..256,
            Self::Higher => 256..512,
        }
    }
}

impl fmt::Display for Half {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Lower => "lower half",
            Self::Higher => "higher half",
        })
    }
}
