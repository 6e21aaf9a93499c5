//! CPU-local data: what each processor stores about itself. Its GS base points there.
//!
//! The BSP has id 0. The id of an AP is its position among the APs in the boot loader's list, plus 1. Only the first lines of
//! an entry function run before the GS base is set. User mode cannot change what the kernel sees here: every entry from user
//! mode swaps GS first.

use super::gdt::{self, Gdt, IstStackIndexes};
use alloc::boxed::Box;
use core::{
    cell::UnsafeCell,
    mem::offset_of,
    sync::atomic::{AtomicBool, AtomicU8, AtomicU64},
};
use spin::Once;
use x86_64::{VirtAddr, registers::model_specific::GsBase, structures::tss::TaskStateSegment};

pub use crate::sync::this_cpu::{BSP_ID, cpus_count, current_cpu_id};

const _: () = assert!(
    offset_of!(CpuLocalData, kernel_assigned_id) == crate::sync::this_cpu::ID_OFFSET
        && offset_of!(CpuLocalData, is_logging) == crate::sync::this_cpu::IS_LOGGING_OFFSET,
    "`this_cpu` uses the id and the flag at these offsets"
);

/// The data of all processors, by id. Set by the BSP before any AP starts.
static CPUS: Once<Box<[CpuLocalData]>> = Once::new();

#[repr(C)]
pub struct CpuLocalData {
    /// 0 for the BSP; see the head of this file.
    pub kernel_assigned_id: u32,
    pub local_apic_id: u32,
    /// See [`crate::sync::this_cpu::set_is_logging`].
    is_logging: AtomicBool,
    /// How far its boot has come: an [`application_processors::BootStage`](super::application_processors::BootStage).
    pub(super) boot_stage: AtomicU8,
    /// Kernel stack pointer inside `enter_user_mode`, where the kernel continues when user mode is left.
    pub(crate) kernel_stack: AtomicU64,
    /// The program's stack pointer during the entry of a system call.
    pub(crate) user_stack: AtomicU64,
    /// The stacks of exceptions. `enter_user_mode` writes the privileged stack, to which the processor pushes the frame of an
    /// exception from user mode.
    pub(crate) tss: UnsafeCell<TaskStateSegment>,
    /// Its segments, including the TSS. Set when they are loaded.
    gdt: Once<Gdt>,
}

impl CpuLocalData {
    /// Creates the data of a processor whose exceptions use these stacks.
    pub fn new(
        kernel_assigned_id: u32,
        local_apic_id: u32,
        ist_stack_tops: [VirtAddr; IstStackIndexes::ALL.len()],
    ) -> Self {
        let tss = gdt::task_state_segment(ist_stack_tops);
        Self {
            kernel_assigned_id,
            local_apic_id,
            is_logging: AtomicBool::new(false),
            boot_stage: AtomicU8::new(0),
            kernel_stack: AtomicU64::new(0),
            user_stack: AtomicU64::new(0),
            tss: UnsafeCell::new(tss),
            gdt: Once::new(),
        }
    }

    /// Points the GS base of the current processor to this data. The first step of each processor.
    pub fn make_known(&'static self) {
        GsBase::write(VirtAddr::from_ptr(self));
    }

    /// Points the GS base of the current processor to this data, and loads its segments.
    pub fn install(&'static self) {
        self.make_known();
        // SAFETY: The TSS lives as long as the data. Rust code reads none of the fields that change.
        let tss = unsafe { &*self.tss.get() };
        self.gdt.call_once(|| Gdt::new(tss)).load();
    }
}

// SAFETY: Only the processor that owns the data uses its TSS; all other fields are `Sync`.
unsafe impl Sync for CpuLocalData {}

pub(crate) fn set_all(cpus: Box<[CpuLocalData]>) {
    CPUS.call_once(|| cpus);
}

/// Returns the data of a processor; `None` before [`set_all`], or for an unknown id.
pub fn of(cpu_id: u32) -> Option<&'static CpuLocalData> {
    CPUS.get()?.get(usize::try_from(cpu_id).ok()?)
}

/// Returns the data of the current processor; `None` if its GS base is not set yet.
pub fn try_get_local() -> Option<&'static CpuLocalData> {
    // SAFETY: The GS base is written only by [`CpuLocalData::make_known`], with `'static` data. Before that it is 0: the boot
    // loader leaves it so.
    unsafe { GsBase::read().as_ptr::<CpuLocalData>().as_ref() }
}

pub fn local_apic_id_of(cpu_id: u32) -> Option<u32> {
    of(cpu_id).map(|cpu| cpu.local_apic_id)
}
