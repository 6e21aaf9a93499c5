//! Starting the processors that the boot loader has parked (Limine boot protocol, "MP Request").

use super::cpu_local_data::{self, BSP_ID};
use crate::boot::limine_requests::MP_REQUEST;
use core::{
    iter,
    sync::atomic::{AtomicU32, Ordering},
};
use limine::{
    mp::{MpGotoFunction, MpInfo},
    request::MpResponse,
};

/// How many of all processors have passed a point of the boot.
pub struct CpuCounter(AtomicU32);

/// The processor runs the kernel's code on the kernel's stack by the kernel's page tables: it needs nothing of the boot
/// loader's any more.
pub static LEFT_BOOT_LOADER: CpuCounter = CpuCounter(AtomicU32::new(0));

/// The processor has finished its boot.
pub static IS_UP: CpuCounter = CpuCounter(AtomicU32::new(0));

impl CpuCounter {
    /// Counts the processor that this runs on. Tells the last one of all that it is the last.
    pub fn arrive(&self) -> bool {
        // What the others did before is seen by the last one.
        self.0.fetch_add(1, Ordering::AcqRel) + 1 == cpu_local_data::cpus_count()
    }
}

/// Counts the processors of the boot loader's list; 1 when it gave none.
pub fn count() -> u32 {
    let aps = MP_REQUEST.response().map_or(0, |response| others(response).count());
    u32::try_from(aps).unwrap_or(u32::MAX - 1) + 1
}

/// The local APIC ids of all processors, in the order of the kernel's ids. Without a list, the BSP's is taken for 0.
pub fn local_apic_ids() -> impl Iterator<Item = u32> {
    let response = MP_REQUEST.response();
    let bsp = response.map_or(0, |response| response.bsp_lapic_id);
    iter::once(bsp).chain(response.into_iter().flat_map(others).map(|cpu| cpu.lapic_id))
}

/// Lets every AP go to `entry`, with its id as the extra argument. The entry function takes it from there.
pub fn start(entry: MpGotoFunction) {
    let Some(response) = MP_REQUEST.response() else {
        log::warn!("The boot loader started no other processors");
        return;
    };
    log::info!("Processors: {}", cpu_local_data::cpus_count());
    for (ap, id) in others(response).zip(BSP_ID + 1..) {
        ap.bootstrap(entry, u64::from(id));
    }
}

/// The processors in the boot loader's list that are not the BSP.
fn others(response: &'static MpResponse) -> impl Iterator<Item = &'static MpInfo> {
    let bsp = response.bsp_lapic_id;
    response.cpus().iter().copied().filter(move |cpu| cpu.lapic_id != bsp)
}
