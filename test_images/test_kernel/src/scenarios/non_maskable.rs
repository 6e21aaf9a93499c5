//! A non-maskable interrupt while the log is locked.

use kernel::{cpu::cpu_local_data, output::logger};
use x86_64::registers::model_specific::Msr;

/// The interrupt command register of a local APIC in x2APIC mode (Intel SDM vol. 3, section 12.12.9).
const INTERRUPT_COMMAND_MSR: u32 = 0x830;

/// Delivery mode in that register: non-maskable interrupt.
const DELIVER_NON_MASKABLE: u64 = 4 << 8;

/// Sends this processor an NMI while it holds the log's lock. The NMI handler's line must neither deadlock nor mix with
/// others.
pub(super) fn interrupt_the_log() {
    let id = cpu_local_data::try_get_local().map_or(0, |local| local.local_apic_id);
    let mut interrupt_command = Msr::new(INTERRUPT_COMMAND_MSR);
    let held = logger::with_screen(|_screen| {
        // SAFETY: The boot loader was asked for x2APIC, and the scenario only runs on machines with it. The handler
        // only logs.
        unsafe { interrupt_command.write(u64::from(id) << 32 | DELIVER_NON_MASKABLE) };
        // Time for the NMI to arrive.
        for _ in 0..1000 {
            core::hint::spin_loop();
        }
    });
    log::info!(
        "The log continues after a non-maskable interrupt, lock held: {}",
        held.is_some()
    );
}
