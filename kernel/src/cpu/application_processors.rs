//! Starting the processors that the boot loader has parked (Limine boot protocol, "MP Request").

use super::cpu_local_data::{self, BSP_ID};
use crate::boot::limine_requests::MP_REQUEST;
use core::{
    fmt, iter,
    sync::atomic::{AtomicU32, Ordering},
};
use limine::{
    mp::{MpGotoFunction, MpInfo},
    request::MpResponse,
};
use num_enum::TryFromPrimitive;

/// How far a processor's boot has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, TryFromPrimitive)]
#[repr(u8)]
pub enum BootStage {
    NotEntered,
    Entered,
    /// It runs on the kernel's stack and page tables, and needs nothing of the boot loader any more.
    LeftBootLoader,
    Up,
}

/// Number of processors that have reached each stage.
static COUNTS: [AtomicU32; 4] = [const { AtomicU32::new(0) }; 4];

/// Says that the current processor has reached a stage. Returns `true` for the last of all processors.
pub fn arrive(stage: BootStage) -> bool {
    if let Some(local) = cpu_local_data::of(cpu_local_data::current_cpu_id()) {
        local.boot_stage.store(stage as u8, Ordering::Relaxed);
    }
    // AcqRel: the last processor sees what the others did before.
    COUNTS[stage as usize].fetch_add(1, Ordering::AcqRel) + 1 == cpu_local_data::cpus_count()
}

pub fn are_all_up() -> bool {
    COUNTS[BootStage::Up as usize].load(Ordering::Acquire) >= cpu_local_data::cpus_count()
}

/// The processors that have not finished their boot, by their ids, and how far they have come. The first few are shown.
pub struct Missing;

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MAX_SHOWN: usize = 8;
        let stage_of = |cpu_id| {
            let local = cpu_local_data::of(cpu_id)?;
            BootStage::try_from(local.boot_stage.load(Ordering::Relaxed)).ok()
        };
        let missing = || {
            let all = (0..cpu_local_data::cpus_count()).filter_map(|cpu_id| Some((cpu_id, stage_of(cpu_id)?)));
            all.filter(|(_, stage)| *stage != BootStage::Up)
        };
        write!(formatter, "{} of {}: ", missing().count(), cpu_local_data::cpus_count())?;
        for (index, (cpu_id, stage)) in missing().take(MAX_SHOWN).enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(formatter, "{separator}{cpu_id} ({stage:?})")?;
        }
        Ok(())
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
