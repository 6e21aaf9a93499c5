//! The clock is monotonic, and sleeping code wakes in time.

use core::{
    hint,
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
    time::Duration,
};
use kernel::{
    cpu::cpu_local_data::cpus_count,
    output::{ExitCode, exit_qemu},
    platform::{clock::Instant, timer},
};
use x86_64::instructions::interrupts;

/// Number of clock readings of each processor.
const READINGS: u32 = 100_000;

/// Latest time that any processor has read, in nanoseconds.
static LATEST_NS: AtomicU64 = AtomicU64::new(0);

/// Number of processors that are ready.
static READY: AtomicU32 = AtomicU32::new(0);
/// Number of processors that are done.
static DONE: AtomicU32 = AtomicU32::new(0);

/// All processors read the clock at once: no reading is earlier than one that another processor made before.
pub(super) fn never_steps_back() {
    READY.fetch_add(1, Ordering::AcqRel);
    while READY.load(Ordering::Acquire) < cpus_count() {
        hint::spin_loop();
    }
    for _ in 0..READINGS {
        let seen_before = LATEST_NS.load(Ordering::SeqCst);
        let now = Instant::now().as_ns();
        assert!(now >= seen_before, "the clock stepped back from {seen_before} to {now}");
        LATEST_NS.fetch_max(now, Ordering::SeqCst);
    }
    if DONE.fetch_add(1, Ordering::AcqRel) + 1 == cpus_count() {
        log::info!("The clock never stepped back");
        exit_qemu(ExitCode::Success);
    }
}

/// Sleeps with interrupts on and off, and logs the durations.
pub(super) fn sleep() {
    for (name, duration) in [
        ("short", Duration::from_millis(20)),
        ("long", Duration::from_millis(1500)),
    ] {
        let start = Instant::now();
        timer::sleep(duration);
        let slept = start.elapsed();
        assert!(slept >= duration, "woken after {slept:?} instead of {duration:?}");
        log::info!("Slept {name}: {} ms", slept.as_millis());
    }
    interrupts::without_interrupts(|| {
        let start = Instant::now();
        timer::sleep(Duration::from_millis(20));
        log::info!("Slept with interrupts off: {} ms", start.elapsed().as_millis());
    });
    log::info!("End of the sleep");
}
