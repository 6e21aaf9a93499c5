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

/// Counts the processors that have reached a point of the boot.
pub struct CpuCounter(AtomicU32);

/// Processors that run on the kernel's stack and page tables, and need nothing of the boot loader any more.
pub static LEFT_BOOT_LOADER: CpuCounter = CpuCounter(AtomicU32::new(0));

/// Processors that have finished their boot.
pub static IS_UP: CpuCounter = CpuCounter(AtomicU32::new(0));

impl CpuCounter {
    /// Counts the current processor. Returns `true` for the last of all processors.
    pub fn arrive(&self) -> bool {
        // AcqRel: the last processor sees what the others did before.
        self.0.fetch_add(1, Ordering::AcqRel) + 1 == cpu_local_data::cpus_count()
    }
}

/// Returns the number of processors in the boot loader's list; 1 without a list.
pub fn count() -> u32 {
    let aps = MP_REQUEST.response().map_or(0, |response| others(response).count());
    u32::try_from(aps).unwrap_or(u32::MAX - 1) + 1
}

/// Returns the local APIC ids of all processors, in the order of the kernel's ids. Without a list, the BSP is assumed to have 0.
pub fn local_apic_ids() -> impl Iterator<Item = u32> {
    let response = MP_REQUEST.response();
    let bsp = response.map_or(0, |response| response.bsp_lapic_id);
    iter::once(bsp).chain(response.into_iter().flat_map(others).map(|cpu| cpu.lapic_id))
}

/// Sends every AP to `entry`, with its id as the extra argument.
pub fn start(entry: MpGotoFunction) {
    let Some(response) = MP_REQUEST.response() else {
        log::warn!("The boot loader started no other processors: to use them, take one with the MP feature");
        return;
    };
    log::debug!("Processors: {}", cpu_local_data::cpus_count());
    for (ap, id) in others(response).zip(BSP_ID + 1..) {
        ap.bootstrap(entry, u64::from(id));
    }
}

/// Returns the APs in the boot loader's list.
fn others(response: &'static MpResponse) -> impl Iterator<Item = &'static MpInfo> {
    let bsp = response.bsp_lapic_id;
    response.cpus().iter().copied().filter(move |cpu| cpu.lapic_id != bsp)
}
