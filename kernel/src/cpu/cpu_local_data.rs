//! What each processor knows of itself. The base of its GS segment points to it.
//!
//! A processor's id is 0 for the BSP, and for an AP its place among the other processors of the boot loader's list,
//! plus 1. Nothing runs on a processor before its data is installed, except the first lines of its entry function. User
//! mode never changes what the kernel sees here: every entry from there swaps GS first.

use super::gdt::{self, Gdt, IstStackIndexes};
use alloc::boxed::Box;
use core::sync::atomic::{AtomicU32, Ordering};
use spin::Once;
use x86_64::{VirtAddr, registers::model_specific::GsBase, structures::tss::TaskStateSegment};

/// The id of the BSP.
pub const BSP_ID: u32 = 0;

/// Set on the BSP before any AP starts: how many processors there are.
static CPUS_COUNT: AtomicU32 = AtomicU32::new(1);

/// Set on the BSP before any AP starts: the data of all, by their ids.
static CPUS: Once<Box<[CpuLocalData]>> = Once::new();

/// One processor's own data.
pub struct CpuLocalData {
    /// 0 for the BSP; see the head of this file.
    pub kernel_assigned_id: u32,
    /// What names the processor to others.
    pub local_apic_id: u32,
    /// Which stacks its exceptions run on.
    tss: TaskStateSegment,
    /// Its segments, the TSS among them. Set when they are loaded.
    gdt: Once<Gdt>,
}

impl CpuLocalData {
    /// The data of a processor whose exceptions run on these stacks.
    pub fn new(
        kernel_assigned_id: u32,
        local_apic_id: u32,
        ist_stack_tops: [VirtAddr; IstStackIndexes::ALL.len()],
    ) -> Self {
        let tss = gdt::task_state_segment(ist_stack_tops);
        Self {
            kernel_assigned_id,
            local_apic_id,
            tss,
            gdt: Once::new(),
        }
    }

    /// Makes the data known as that of the processor that this runs on, and its segments the processor's.
    pub fn install(&'static self) {
        self.gdt.call_once(|| Gdt::new(&self.tss)).load();
        GsBase::write(VirtAddr::from_ptr(self));
    }
}

/// Keeps the data of all processors, by their ids.
pub(crate) fn set_all(cpus: Box<[CpuLocalData]>) {
    CPUS.call_once(|| cpus);
}

/// The data of a processor, once there is data of all.
pub fn of(cpu_id: u32) -> Option<&'static CpuLocalData> {
    CPUS.get()?.get(usize::try_from(cpu_id).ok()?)
}

/// The data of the processor that this runs on; `None` if it has none yet.
pub fn try_get_local() -> Option<&'static CpuLocalData> {
    // SAFETY: Both entry functions begin with [`CpuLocalData::install`], and that takes data that stays. Before that, the
    // base is 0: the boot loader leaves it so.
    unsafe { GsBase::read().as_ptr::<CpuLocalData>().as_ref() }
}

/// The id of the processor that this runs on; `None` if it has none yet.
pub fn current_cpu_id() -> Option<u32> {
    try_get_local().map(|local| local.kernel_assigned_id)
}

/// How many processors there are, the BSP among them.
pub fn cpus_count() -> u32 {
    CPUS_COUNT.load(Ordering::Relaxed)
}

/// The id by which the interrupt controllers know a processor.
pub fn local_apic_id_of(cpu_id: u32) -> Option<u32> {
    of(cpu_id).map(|cpu| cpu.local_apic_id)
}

/// Says how many processors there are. Only on the BSP, before it starts any other.
pub(crate) fn set_cpus_count(count: u32) {
    CPUS_COUNT.store(count, Ordering::Relaxed);
}
