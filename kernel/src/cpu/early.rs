//! CPU-local data and exception stack of the BSP for the time before memory can be allocated.

use super::{
    cpu_local_data::{BSP_ID, CpuLocalData},
    gdt::IstStackIndexes,
};
use core::cell::UnsafeCell;
use spin::Once;
use x86_64::VirtAddr;

/// Size of the one stack that all exceptions with a stack of their own share during the early boot.
const EARLY_STACK_SIZE: usize = 32 * 1024;

/// Set in the first step of the BSP; replaced when all processors get their data.
static EARLY_BSP: Once<CpuLocalData> = Once::new();

/// The stack. It has no guard page: a nested exception on it ends the kernel in any case.
static EARLY_STACK: EarlyStack = EarlyStack(UnsafeCell::new([0; EARLY_STACK_SIZE]));

#[repr(C, align(16))]
struct EarlyStack(UnsafeCell<[u8; EARLY_STACK_SIZE]>);

// SAFETY: Only the BSP touches it, in an exception handler.
unsafe impl Sync for EarlyStack {}

/// Installs CPU-local data and segments on the BSP, so that exceptions reach their handlers.
pub fn install_on_bsp() {
    let top = VirtAddr::from_ptr(EARLY_STACK.0.get()) + EARLY_STACK_SIZE as u64;
    // The local APIC id is not known yet, and not used this early.
    EARLY_BSP
        .call_once(|| CpuLocalData::new(BSP_ID, 0, [top; IstStackIndexes::ALL.len()]))
        .install();
}
