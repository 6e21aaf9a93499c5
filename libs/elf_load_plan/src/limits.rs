//! What the kernel allows a program, besides the rules that no kernel can relax.

use core::ops::Range;
use x86_64::structures::paging::{Page, Size4KiB, page::PageRange};

/// Nothing of a program lies below: page 0 is never mapped, so that a null pointer faults.
pub const LOWEST_ADDRESS: u64 = 0x1000;

/// Nothing of a program lies here or above. The last page of the lower half is left out: a `SYSCALL` in its last bytes
/// would return to an address that is not canonical.
pub const PROGRAM_END: u64 = 0x7fff_ffff_f000;

/// What the kernel allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Where the segments may lie. What of it lies below [`LOWEST_ADDRESS`] or from [`PROGRAM_END`] on does not count.
    pub area: PageRange<Size4KiB>,
    /// Where they may not: the program's stack with its guard. May be empty.
    pub stack: PageRange<Size4KiB>,
    /// How many frames carrying out the plan may take.
    pub free_frames: u64,
}

impl Limits {
    /// The addresses where segments may lie.
    pub(crate) fn allowed(&self) -> Range<u64> {
        let Range { start, end } = addresses(self.area);
        start.max(LOWEST_ADDRESS)..end.min(PROGRAM_END)
    }

    /// The addresses of the stack and its guard.
    pub(crate) fn reserved(&self) -> Range<u64> {
        addresses(self.stack)
    }
}

/// The addresses from a range's first page up to the one behind its last.
fn addresses(range: PageRange<Size4KiB>) -> Range<u64> {
    let address = |page: Page<Size4KiB>| page.start_address().as_u64();
    address(range.start)..address(range.end)
}
