//! Overflows of the exception stacks, except the double fault's: that one reports all others.

use super::memory_faults;
use kernel::{
    cpu::cpu_local_data::{self, CpuLocalData, current_cpu_id},
    memory::guarded_stack::{StackId, StackType, call_with_rsp},
};

/// Indexes of the stacks in the interrupt stack table.
mod index {
    /// Non-maskable interrupts.
    pub(super) const NON_MASKABLE: u8 = 1;
    /// Machine checks.
    pub(super) const MACHINE_CHECK: u8 = 2;
    /// Debug exceptions.
    pub(super) const DEBUG: u8 = 3;
}

/// Overflows the stack of non-maskable interrupts.
pub(super) fn overflow_non_maskable() {
    overflow(index::NON_MASKABLE);
}

/// Overflows the stack of machine checks.
pub(super) fn overflow_machine_check() {
    overflow(index::MACHINE_CHECK);
}

/// Overflows the stack of debug exceptions.
pub(super) fn overflow_debug() {
    overflow(index::DEBUG);
}

/// Switches to an exception stack of this processor, and overflows it.
fn overflow(index: u8) {
    let cpu_id = current_cpu_id();
    let stack = StackId {
        cpu_id,
        stack_type: StackType::ExceptionHandler(index),
    }
    .info();
    if let Some(local_data) = cpu_local_data::of(cpu_id) {
        // SAFETY: No exception runs on the stack now, and the kernel is about to end.
        unsafe { call_with_rsp(stack.top, use_up, local_data) };
    }
}

/// Does not return.
extern "C" fn use_up(_local_data: &'static CpuLocalData) -> ! {
    memory_faults::overflow_stack();
    panic!("the stack did not overflow");
}
