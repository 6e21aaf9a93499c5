//! The lower half of the address space, as every program sees it.
//!
//! ```text
//! 0x0000_0000_0000_0000  nothing, never: a null pointer leads nowhere
//! 0x0000_0000_0000_1000  USER_START: where the file of the program wants to be
//! 0x0000_1000_0000_0000  MAPPED_START: what the call `map` gives
//! 0x0000_7ffe_fff0_0000  below the stack: nothing, so that a stack that runs over faults
//! 0x0000_7ffe_fffc_0000  the stack, up to USER_STACK_TOP, filled as it grows
//! 0x0000_7fff_0000_0000  USER_STACK_TOP, and 64 KiB of nothing
//! 0x0000_7fff_ffff_f000  USER_END: nothing, never, so that no `syscall` returns to a non-canonical address
//! ```
//!
//! The file may lie anywhere between USER_START and USER_END where none of the others is.

use x86_64::{
    VirtAddr,
    structures::paging::{Page, page::PageRange},
};

/// The lowest address that a program can have.
pub const USER_START: VirtAddr = VirtAddr::new_truncate(0x1000);

/// The first address behind the last that a program can have.
pub const USER_END: VirtAddr = VirtAddr::new_truncate(0x7fff_ffff_f000);

/// Where the memory begins that the call `map` gives.
pub const MAPPED_START: VirtAddr = VirtAddr::new_truncate(0x1000_0000_0000);

/// How much of it there can be.
pub const MAPPED_SIZE: u64 = 0x1000_0000_0000;

/// The address behind the highest of the stack.
pub const USER_STACK_TOP: VirtAddr = VirtAddr::new_truncate(0x7fff_0000_0000);

/// Bytes of the stack. They take frames only as they are used.
pub const USER_STACK_SIZE: u64 = 256 * 1024;

/// Bytes of nothing below the stack, at least.
const GUARD_BELOW: u64 = 1024 * 1024 - USER_STACK_SIZE;

/// Bytes of nothing above it, at least.
const GUARD_ABOVE: u64 = 64 * 1024;

/// The stack's lowest address.
pub fn user_stack_start() -> VirtAddr {
    USER_STACK_TOP - USER_STACK_SIZE
}

/// The pages where the file of a program may lie.
pub fn file_pages() -> PageRange {
    pages(USER_START, USER_END)
}

/// The pages that belong to the stack, those of nothing around it included.
pub fn stack_pages() -> PageRange {
    pages(user_stack_start() - GUARD_BELOW, USER_STACK_TOP + GUARD_ABOVE)
}

/// The pages from one address to another.
fn pages(start: VirtAddr, end: VirtAddr) -> PageRange {
    Page::range(Page::containing_address(start), Page::containing_address(end))
}
