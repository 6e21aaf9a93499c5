//! CPU-local data and stacks of every processor. The BSP creates them before it starts any AP.

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

/// The normal stack of each processor, by id. Set by [`create`].
static NORMAL_STACKS: Once<Box<[GuardedStack]>> = Once::new();

/// Creates data and stacks for the processors with these local APIC ids, which are in the order of the kernel's ids.
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

/// Sets the GS base of the current processor. A processor with an unknown id halts.
pub fn make_data_known(cpu_id: u32) {
    match cpu_local_data::of(cpu_id) {
        Some(local_data) => local_data.make_known(),
        None => hlt_loop_with_interrupts_off(),
    }
}

/// Continues in `function` on the processor's own stack. To be called once, on that processor.
pub fn run_on_own_stack(cpu_id: u32, function: extern "C" fn(&'static CpuLocalData) -> !) -> ! {
    let index = usize::try_from(cpu_id).unwrap_or(usize::MAX);
    let stack = NORMAL_STACKS.get().and_then(|stacks| stacks.get(index));
    let (Some(stack), Some(local_data)) = (stack, cpu_local_data::of(cpu_id)) else {
        hlt_loop_with_interrupts_off();
    };
    // SAFETY: The stack belongs to this processor, and nothing has used it yet.
    unsafe { call_with_rsp(stack.top(), function, local_data) }
}

fn exception_stack_tops(cpu_id: u32) -> Result<[VirtAddr; IstStackIndexes::ALL.len()], MapRegionError> {
    let mut tops = [VirtAddr::zero(); IstStackIndexes::ALL.len()];
    for (index, top) in IstStackIndexes::ALL.into_iter().zip(&mut tops) {
        let stack_type = StackType::ExceptionHandler(index as u8);
        *top = GuardedStack::new(StackId { cpu_id, stack_type })?.top();
    }
    Ok(tops)
}
