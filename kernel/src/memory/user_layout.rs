//! The lower half of the address space, as every program sees it.
//!
//! ```text
//! 0x0000_0000_0000_0000  never mapped, so that null pointers fault
//! 0x0000_0000_0000_1000  USER_START: where the program's file may begin
//! 0x0000_1000_0000_0000  MAPPED_START: memory that the system call `map` reserves
//! 0x0000_7ffe_fff0_0000  never mapped, so that a stack overflow faults
//! 0x0000_7ffe_fffc_0000  the stack, mapped as it grows
//! 0x0000_7fff_0000_0000  USER_STACK_TOP, and 64 KiB that are never mapped
//! 0x0000_7fff_ffff_f000  USER_END: never mapped, so that no `syscall` returns to a non-canonical address
//! ```
//!
//! The file may lie anywhere between USER_START and USER_END outside of the other areas.

use elf_load_plan::{LOWEST_ADDRESS, PROGRAM_END};
use x86_64::{
    VirtAddr,
    structures::paging::{Page, page::PageRange},
};

pub const USER_START: VirtAddr = VirtAddr::new_truncate(LOWEST_ADDRESS);

/// The address after the last that a program can have.
pub const USER_END: VirtAddr = VirtAddr::new_truncate(PROGRAM_END);

pub const MAPPED_START: VirtAddr = VirtAddr::new_truncate(0x1000_0000_0000);
pub const MAPPED_SIZE: u64 = 0x1000_0000_0000;

/// The address after the last of the stack.
pub const USER_STACK_TOP: VirtAddr = VirtAddr::new_truncate(0x7fff_0000_0000);

/// Size of the stack in bytes. Its pages get frames as they are used.
pub const USER_STACK_SIZE: u64 = 256 * 1024;

const GUARD_BELOW: u64 = 1024 * 1024 - USER_STACK_SIZE;
const GUARD_ABOVE: u64 = 64 * 1024;

pub fn user_stack_start() -> VirtAddr {
    USER_STACK_TOP - USER_STACK_SIZE
}

pub fn file_pages() -> PageRange {
    pages(USER_START, USER_END)
}

/// The pages of the stack and of the unmapped areas around it.
pub fn stack_pages() -> PageRange {
    pages(user_stack_start() - GUARD_BELOW, USER_STACK_TOP + GUARD_ABOVE)
}

fn pages(start: VirtAddr, end: VirtAddr) -> PageRange {
    Page::range(Page::containing_address(start), Page::containing_address(end))
}
