//! Where every kernel stack lies, so that an address tells whose stack, or whose guard, it belongs to.
//!
//! The area is cut into slots of one size, one for each stack of each processor, in order. The stack takes the upper end
//! of its slot; all below it is guard and never mapped. So an overflow of up to [`GUARD_SIZE`] bytes at once is caught.

use super::address_space::STACKS_START;
use crate::cpu_stacks::IstStackIndexes;
use x86_64::VirtAddr;

/// Bytes of a stack that the kernel runs on.
pub const NORMAL_STACK_SIZE: u64 = 64 * 1024;

/// Bytes of a stack that an exception runs on.
pub const EXCEPTION_STACK_SIZE: u64 = 32 * 1024;

/// Bytes from one stack's slot to the next.
const SLOT_SIZE: u64 = 2 * NORMAL_STACK_SIZE;

/// Pages below every stack that are never mapped, at least.
pub const STACK_GUARD_PAGES: u64 = (SLOT_SIZE - NORMAL_STACK_SIZE) / 4096;

/// Stacks of each processor.
const STACKS_PER_CPU: u64 = 1 + IstStackIndexes::ALL.len() as u64;

/// More processors than this would leave the area.
const MAX_CPUS: u64 = 1 << 20;

/// What a stack is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StackType {
    /// The kernel's own code.
    Normal,
    /// Exceptions that need a stack of their own.
    ExceptionHandler(IstStackIndexes),
}

/// A stack by its owner and purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StackId {
    /// The kernel's id of the processor.
    pub cpu_id: u32,
    /// What it is for.
    pub stack_type: StackType,
}
