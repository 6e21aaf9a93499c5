//! Interrupt vectors and timer ticks on every processor.

use core::{
    hint,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use kernel::{
    cpu::cpu_local_data::{cpus_count, current_cpu_id},
    output::{ExitCode, exit_qemu},
    platform::{
        clock::Instant,
        local_apic::{self, Message},
        timer,
    },
};

/// A vector without a handler.
const UNUSED_VECTOR: u8 = 0x77;

/// Number of processors that are ready, or done.
static READY: AtomicU32 = AtomicU32::new(0);

/// Sends itself an interrupt for every vector that is not an exception. The last processor ends QEMU.
pub(super) fn raise_all_vectors() {
    // Afterwards the timer is silent: its vector only comes from the loop below.
    timer::sleep(Duration::from_millis(5));
    for vector in 0x20..=u8::MAX {
        local_apic::send(current_cpu_id(), Message::Interrupt(vector));
        // Time for the interrupt to arrive.
        for _ in 0..1000 {
            hint::spin_loop();
        }
    }
    // A repeated unhandled interrupt is no longer logged.
    for _ in 0..100 {
        local_apic::send(current_cpu_id(), Message::Interrupt(UNUSED_VECTOR));
    }
    log::info!("All vectors survived");
    end_with_the_last();
}

/// Lets every processor's timer tick for a second while the processor halts. Then the BSP logs the counts, and ends
/// QEMU.
pub(super) fn count_ticks() {
    READY.fetch_add(1, Ordering::AcqRel);
    while READY.load(Ordering::Acquire) < cpus_count() {
        hint::spin_loop();
    }
    timer::start_ticks(timer::MIN_TICK_PERIOD);
    if current_cpu_id() != 0 {
        return;
    }
    let start = Instant::now();
    timer::sleep(Duration::from_secs(1));
    for (cpu_id, ticks) in (0..).zip(timer::ticks()) {
        log::info!(
            "Processor {cpu_id:#x} has had {ticks} ticks in {} ms",
            start.elapsed().as_millis()
        );
    }
    exit_qemu(ExitCode::Success);
}

/// Ends QEMU if this is the last processor.
fn end_with_the_last() {
    if READY.fetch_add(1, Ordering::AcqRel) + 1 == cpus_count() {
        exit_qemu(ExitCode::Success);
    }
}
