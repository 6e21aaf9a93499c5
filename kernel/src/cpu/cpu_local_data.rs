//! What each processor knows of itself. The base of its GS segment points to it.
//!
//! A processor's id is 0 for the BSP, and for an AP its place among the other processors of the boot loader's list,
//! plus 1. Nothing runs on a processor before its data is installed, except the first lines of its entry function.

use core::sync::atomic::{AtomicU32, Ordering};
use x86_64::{VirtAddr, registers::model_specific::GsBase};

/// The id of the BSP.
pub const BSP_ID: u32 = 0;

/// Set on the BSP before any AP starts: how many processors there are.
static CPUS_COUNT: AtomicU32 = AtomicU32::new(1);

/// One processor's own data.
#[derive(Debug)]
pub struct CpuLocalData {
    /// 0 for the BSP; see the head of this file.
    pub kernel_assigned_id: u32,
}

impl CpuLocalData {
    /// Makes the data known as that of the processor that this runs on.
    ///
    /// # Safety
    ///
    /// It must stay where it is for as long as this processor runs.
    pub unsafe fn install(&self) {
        GsBase::write(VirtAddr::from_ptr(self));
    }
}

/// The data of the processor that this runs on; `None` if it has none yet.
pub fn try_get_local() -> Option<&'static CpuLocalData> {
    // SAFETY: Both entry functions begin with [`CpuLocalData::install`], whose caller promises that the data stays.
    // Before that, the base is 0 on a processor that nobody has given one (Intel SDM vol. 3, table 10-1).
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

/// Says how many processors there are. Only on the BSP, before it starts any other.
pub(crate) fn set_cpus_count(count: u32) {
    CPUS_COUNT.store(count, Ordering::Relaxed);
}
