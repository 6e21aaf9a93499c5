//! Behaviour of the other processors after a panic.

use core::{
    hint,
    sync::atomic::{AtomicU32, Ordering},
};
use kernel::cpu::{
    cpu_local_data::{cpus_count, current_cpu_id},
    nmi_handler_states::{NMI_HANDLER_STATES, NmiHandlerState},
};

/// Processor that panics while others start.
const PANICKING_AP: u32 = 1;

/// Number of processors that are ready.
static READY: AtomicU32 = AtomicU32::new(0);

/// Number of lines that they have logged.
static LINES: AtomicU32 = AtomicU32::new(0);

/// The APs log without end; when each has logged, the BSP panics.
pub(super) fn panic_while_others_log() {
    READY.fetch_add(1, Ordering::AcqRel);
    while READY.load(Ordering::Acquire) < cpus_count() {
        hint::spin_loop();
    }
    if current_cpu_id() == 0 {
        while LINES.load(Ordering::Acquire) < cpus_count() {
            hint::spin_loop();
        }
        panic!("deliberate, while the others log");
    }
    loop {
        log::info!("busy");
        LINES.fetch_add(1, Ordering::AcqRel);
    }
}

/// Keeps every AP but one at its entry, before it has handlers, until that one has panicked and set its NMI handler
/// state.
pub(super) fn wait_for_panic_at_ap_entry(cpu_id: u32) {
    let states = NMI_HANDLER_STATES.get().into_iter().flatten();
    let own_state = states.zip(0..).find(|(_, other)| *other == cpu_id);
    if let Some((state, _)) = own_state
        && cpu_id != PANICKING_AP
    {
        while state.load(Ordering::SeqCst) != u8::from(NmiHandlerState::KernelPanicked) {
            hint::spin_loop();
        }
    }
}

/// Keeps processor 2 at its entry for ever.
pub(super) fn lose_processor_2(cpu_id: u32) {
    if cpu_id == 2 {
        loop {
            hint::spin_loop();
        }
    }
}

/// Panics while the other APs wait.
pub(super) fn panic_while_others_start() {
    panic!("deliberate, while the others start");
}

/// Takes locks and logs without end, so that NMIs interrupt both.
pub(super) fn be_busy() {
    let mut boxes = alloc::vec::Vec::new();
    let mut number = 0_u64;
    loop {
        number += 1;
        boxes.push(alloc::boxed::Box::new(number));
        if boxes.len() == 100 {
            boxes.clear();
        }
        if number.is_multiple_of(1000) {
            log::info!("Busy: {number}");
        }
    }
}
