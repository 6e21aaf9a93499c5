//! The BSP's data and exception stack before there is memory to allocate them from.

use super::{
    cpu_local_data::{BSP_ID, CpuLocalData},
    gdt::IstStackIndexes,
};
use core::cell::UnsafeCell;
use spin::Once;
use x86_64::VirtAddr;

/// Bytes of the one stack for all exceptions that want one of their own, while the kernel boots.
const EARLY_STACK_SIZE: usize = 32 * 1024;

/// Set at the BSP's first step; replaced when all processors get their data.
static EARLY_BSP: Once<CpuLocalData> = Once::new();

/// The stack. Without a guard; nested exceptions on it end the kernel anyway.
static EARLY_STACK: EarlyStack = EarlyStack(UnsafeCell::new([0; EARLY_STACK_SIZE]));

/// Memory for a stack, aligned as one.
#[repr(C, align(16))]
struct EarlyStack(UnsafeCell<[u8; EARLY_STACK_SIZE]>);

// SAFETY: Only the processor touches it, when it runs an exception of the BSP's.
unsafe impl Sync for EarlyStack {}

/// Installs data and segments on the BSP, so that exceptions find their way.
pub fn install_on_bsp() {
    let top = VirtAddr::from_ptr(EARLY_STACK.0.get()) + EARLY_STACK_SIZE as u64;
    // The interrupt controllers' name for the BSP is not known yet, and nobody asks for it so early.
    EARLY_BSP
        .call_once(|| CpuLocalData::new(BSP_ID, 0, [top; IstStackIndexes::ALL.len()]))
        .install();
}
