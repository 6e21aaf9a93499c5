//! Interrupts: every vector on every processor, ticks, and a device's interrupt through the I/O APIC.

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

/// A vector that nobody uses.
const NOBODYS_VECTOR: u8 = 0x77;

/// How many processors are ready, or done.
static READY: AtomicU32 = AtomicU32::new(0);

/// Raises every vector that is not an exception on this processor, by a message to itself. The last processor ends QEMU.
pub(super) fn raise_all_vectors() {
    // Behind this, the timer is silent: its vector comes from here alone.
    timer::sleep(Duration::from_millis(5));
    for vector in 0x20..=u8::MAX {
        local_apic::send(current_cpu_id(), Message::Interrupt(vector));
        // It comes within these.
        for _ in 0..1000 {
            hint::spin_loop();
        }
    }
    // Nobody's interrupt, again and again: the log does not hear of it any more.
    for _ in 0..100 {
        local_apic::send(current_cpu_id(), Message::Interrupt(NOBODYS_VECTOR));
    }
    log::info!("All vectors survived");
    end_with_the_last();
}

/// Lets every processor's timer tick for a second, in which all halt; then the BSP tells the counts, and ends QEMU.
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

/// Ends QEMU when this is the last processor.
fn end_with_the_last() {
    if READY.fetch_add(1, Ordering::AcqRel) + 1 == cpus_count() {
        exit_qemu(ExitCode::Success);
    }
}
