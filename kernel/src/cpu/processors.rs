//! Data and stacks for every processor, made by the BSP before any other starts.

use super::{
    cpu_local_data::{self, CpuLocalData},
    gdt::IstStackIndexes,
    hlt_loop::hlt_loop_with_interrupts_off,
};
use crate::memory::{
    guarded_stack::{GuardedStack, StackId, StackType, call_with_rsp},
    virtual_memory::MapRegionError,
};
use alloc::{boxed::Box, vec::Vec};
use spin::Once;
use x86_64::VirtAddr;

/// Set by [`create`]: the stack that each processor runs on, by its id.
static NORMAL_STACKS: Once<Box<[GuardedStack]>> = Once::new();

/// Makes data and stacks for processors with these local APIC ids, in the order of the kernel's ids.
pub fn create(local_apic_ids: impl Iterator<Item = u32>) -> Result<(), MapRegionError> {
    let mut cpus = Vec::new();
    let mut normal_stacks = Vec::new();
    for (cpu_id, local_apic_id) in (0..).zip(local_apic_ids) {
        normal_stacks.push(GuardedStack::new(StackId {
            cpu_id,
            stack_type: StackType::Normal,
        })?);
        cpus.push(CpuLocalData::new(cpu_id, local_apic_id, exception_stack_tops(cpu_id)?));
    }
    NORMAL_STACKS.call_once(|| normal_stacks.into_boxed_slice());
    cpu_local_data::set_all(cpus.into_boxed_slice());
    Ok(())
}

/// Makes this processor's data known. A processor that nobody counted stands still: it does no harm so.
pub fn make_data_known(cpu_id: u32) {
    match cpu_local_data::of(cpu_id) {
        Some(local_data) => local_data.make_known(),
        None => hlt_loop_with_interrupts_off(),
    }
}

/// Goes on on the stack that was made for a processor, with its data. Only on that processor, once.
pub fn run_on_own_stack(cpu_id: u32, function: extern "C" fn(&'static CpuLocalData) -> !) -> ! {
    let index = usize::try_from(cpu_id).unwrap_or(usize::MAX);
    let stack = NORMAL_STACKS.get().and_then(|stacks| stacks.get(index));
    let (Some(stack), Some(local_data)) = (stack, cpu_local_data::of(cpu_id)) else {
        hlt_loop_with_interrupts_off();
    };
    // SAFETY: The stack is this processor's own, and nothing has used it yet.
    unsafe { call_with_rsp(stack.top(), function, local_data) }
}

/// Makes the stacks that a processor's exceptions run on.
fn exception_stack_tops(cpu_id: u32) -> Result<[VirtAddr; IstStackIndexes::ALL.len()], MapRegionError> {
    let mut tops = [VirtAddr::zero(); IstStackIndexes::ALL.len()];
    for (index, top) in IstStackIndexes::ALL.into_iter().zip(&mut tops) {
        let stack_type = StackType::ExceptionHandler(index as u8);
        *top = GuardedStack::new(StackId { cpu_id, stack_type })?.top();
    }
    Ok(tops)
}
