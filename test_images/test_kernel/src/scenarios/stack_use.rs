//! Stack use of the processors.

use super::{heap, log_samples};
use core::{
    hint,
    sync::atomic::{AtomicU32, Ordering},
};
use kernel::{
    cpu::cpu_local_data::{cpus_count, current_cpu_id},
    memory::guarded_stack::{EXCEPTION_STACKS, StackId, StackInfo, StackType},
};

/// Number of processors that are done.
static FINISHED: AtomicU32 = AtomicU32::new(0);

/// Runs code with a large stack use on each processor; then the BSP logs the high-water marks of all.
pub(super) fn report() {
    log_samples::log_samples();
    heap::demonstrate();
    x86_64::instructions::interrupts::int3();
    super::non_maskable::interrupt_the_log();
    FINISHED.fetch_add(1, Ordering::AcqRel);
    if current_cpu_id() != 0 {
        return;
    }
    while FINISHED.load(Ordering::Acquire) < cpus_count() {
        hint::spin_loop();
    }
    for stack_type in [StackType::Normal]
        .into_iter()
        .chain((0..EXCEPTION_STACKS).map(StackType::ExceptionHandler))
    {
        let stacks = (0..cpus_count()).map(|cpu_id| StackId { cpu_id, stack_type }.info());
        // SAFETY: The stacks of all processors stay mapped.
        let used = stacks
            .clone()
            .map(|stack| unsafe { high_water_mark_bytes(stack) })
            .max();
        let size = stacks.map(|stack| stack.top - stack.start).max();
        log::info!(
            "Stack use: {stack_type:?} {} of {} bytes",
            used.unwrap_or(0),
            size.unwrap_or(0)
        );
    }
    log::info!("End of the stacks");
}

/// Returns the maximum number of bytes of a stack that were ever in use. The stack may be in use now.
///
/// # Safety
///
/// The stack is mapped.
unsafe fn high_water_mark_bytes(stack: StackInfo) -> u64 {
    let (mut address, top) = (stack.start, stack.top);
    // SAFETY: The stack stays mapped; it was zeroed, and any value of its bytes is valid.
    while address < top && unsafe { address.as_ptr::<u64>().read_volatile() } == 0 {
        address += size_of::<u64>() as u64;
    }
    top - address
}
