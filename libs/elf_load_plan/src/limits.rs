//! The limits that the kernel sets for a program, in addition to the fixed rules.

use core::ops::Range;
use x86_64::structures::paging::{Page, Size4KiB, page::PageRange};

/// Lowest address of a program: page 0 is never mapped, so that a null pointer faults.
pub const LOWEST_ADDRESS: u64 = 0x1000;

/// End of the addresses of a program (exclusive). The last page of the lower half is left out: a `SYSCALL` in its last bytes would
/// return to a non-canonical address.
pub const PROGRAM_END: u64 = 0x7fff_ffff_f000;

/// The limits of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Pages that segments may use. Pages below [`LOWEST_ADDRESS`] or from [`PROGRAM_END`] on are never allowed.
    pub area: PageRange<Size4KiB>,
    /// Pages that segments may not use: the program's stack with its guard. May be empty.
    pub stack: PageRange<Size4KiB>,
    /// Maximum number of frames for one start of the program.
    pub free_frames: u64,
}

impl Limits {
    /// Returns the addresses that segments may use.
    pub(crate) fn allowed(&self) -> Range<u64> {
        let Range { start, end } = addresses(self.area);
        start.max(LOWEST_ADDRESS)..end.min(PROGRAM_END)
    }

    /// Returns the addresses of the stack and its guard.
    pub(crate) fn reserved(&self) -> Range<u64> {
        addresses(self.stack)
    }
}

fn addresses(range: PageRange<Size4KiB>) -> Range<u64> {
    let address = |page: Page<Size4KiB>| page.start_address().as_u64();
    address(range.start)..address(range.end)
}
