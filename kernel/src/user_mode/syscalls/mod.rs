//! The system calls, one file each. What they take and give is in the library `syscall_abi`.

mod echo;
mod exists;
mod log;
mod map;
mod now;
mod unmap;
mod yield_now;

pub(super) use echo::echo;
pub(super) use exists::exists;
pub(super) use log::log;
pub(super) use map::map;
pub(super) use now::now;
pub(super) use unmap::unmap;
pub(super) use yield_now::yield_now;

use x86_64::instructions::{interrupts, nop};

/// Lets interrupts in that have come meanwhile. For calls that take long.
pub(super) fn let_interrupts_in() {
    interrupts::enable();
    // The instruction behind `sti` is not interrupted.
    nop();
    interrupts::disable();
}
