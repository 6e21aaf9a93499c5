//! Starting the processors that the boot loader has parked (Limine boot protocol, "MP Request").

use super::cpu_local_data::{self, BSP_ID};
use crate::boot::limine_requests::MP_REQUEST;
use core::sync::atomic::{AtomicU32, Ordering};
use limine::{
    mp::{MpGotoFunction, MpInfo},
    request::MpResponse,
};

/// Raised by each processor once, when its boot is finished.
static CPUS_UP: AtomicU32 = AtomicU32::new(0);

/// Counts the processors of the boot loader's list; 1 when it gave none.
pub fn count() -> u32 {
    let aps = MP_REQUEST.response().map_or(0, |response| others(response).count());
    u32::try_from(aps).unwrap_or(u32::MAX - 1) + 1
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

/// Tells that this processor has finished its boot. The last one gets `true`.
pub fn is_last_up() -> bool {
    CPUS_UP.fetch_add(1, Ordering::Relaxed) + 1 == cpu_local_data::cpus_count()
}

/// The processors in the boot loader's list that are not the BSP.
fn others(response: &MpResponse) -> impl Iterator<Item = &MpInfo> {
    let bsp = response.bsp_lapic_id;
    response.cpus().iter().copied().filter(move |cpu| cpu.lapic_id != bsp)
}
