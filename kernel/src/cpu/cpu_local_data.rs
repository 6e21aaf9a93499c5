//! What each processor knows of itself. The base of its GS segment points to it.
//!
//! A processor's id is 0 for the BSP, and for an AP its place among the other processors of the boot loader's list,
//! plus 1. Nothing runs on a processor before its data is known, except the first lines of its entry function. User
//! mode never changes what the kernel sees here: every entry from there swaps GS first.

use super::gdt::{self, Gdt, IstStackIndexes};
use alloc::boxed::Box;
use core::{cell::UnsafeCell, mem::offset_of, sync::atomic::AtomicU64};
use spin::Once;
use x86_64::{VirtAddr, registers::model_specific::GsBase, structures::tss::TaskStateSegment};

pub use crate::sync::this_cpu::{BSP_ID, cpus_count, current_cpu_id};

const _: () = assert!(
    offset_of!(CpuLocalData, kernel_assigned_id) == crate::sync::this_cpu::ID_OFFSET,
    "every layer finds the id where it looks"
);

/// Set on the BSP before any AP starts: the data of all, by their ids.
static CPUS: Once<Box<[CpuLocalData]>> = Once::new();

/// One processor's own data.
#[repr(C)]
pub struct CpuLocalData {
    /// 0 for the BSP; see the head of this file.
    pub kernel_assigned_id: u32,
    /// What names the processor to others.
    pub local_apic_id: u32,
    /// Where the kernel goes on when it leaves user mode: its stack pointer within `enter_user_mode`.
    pub(crate) kernel_stack: AtomicU64,
    /// The program's stack pointer, while a system call begins.
    pub(crate) user_stack: AtomicU64,
    /// Which stacks its exceptions run on, and where the frame of one goes that comes from user mode: `enter_user_mode` writes
    /// that.
    pub(crate) tss: UnsafeCell<TaskStateSegment>,
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
            kernel_stack: AtomicU64::new(0),
            user_stack: AtomicU64::new(0),
            tss: UnsafeCell::new(tss),
            gdt: Once::new(),
        }
    }

    /// Makes the data known as that of the processor that this runs on: its first step, before all else.
    pub fn make_known(&'static self) {
        GsBase::write(VirtAddr::from_ptr(self));
    }

    /// Makes the data known as that of the processor that this runs on, and its segments the processor's.
    pub fn install(&'static self) {
        self.make_known();
        // SAFETY: The TSS lives as long as the data. What changes in it is nothing that Rust code reads.
        let tss = unsafe { &*self.tss.get() };
        self.gdt.call_once(|| Gdt::new(tss)).load();
    }
}

// SAFETY: The TSS is used by the processor whose data it is, and by nobody else.
unsafe impl Sync for CpuLocalData {}

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

/// The id by which the interrupt controllers know a processor.
pub fn local_apic_id_of(cpu_id: u32) -> Option<u32> {
    of(cpu_id).map(|cpu| cpu.local_apic_id)
}
