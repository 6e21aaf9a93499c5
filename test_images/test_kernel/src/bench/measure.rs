//! Counting instructions by the time stamp counter.

use core::{
    arch::x86_64::_rdtsc,
    sync::atomic::{AtomicU64, Ordering},
};
use kernel::platform::clock;
use x86_64::instructions::interrupts::without_interrupts;

/// Set at the kernel's entry: the counter there.
static AT_ENTRY: AtomicU64 = AtomicU64::new(0);

/// The counter now.
pub(super) fn now() -> u64 {
    // SAFETY: Every x86_64 processor has the instruction, and the kernel never forbids it to itself.
    unsafe { _rdtsc() }
}

/// Notes that the kernel begins here.
pub(crate) fn note_entry() {
    AT_ENTRY.store(now(), Ordering::Relaxed);
}

/// Reports how long it took from the kernel's entry to here, without what it waited to measure its clock.
pub(super) fn report_boot(name: &str) {
    report(name, now() - AT_ENTRY.load(Ordering::Relaxed) - clock::waited_ticks());
}

/// Reports how long the boot waited to measure its clock.
pub(super) fn report_boot_waits() {
    report("boot_waits", clock::waited_ticks());
}

/// Measures `work`: the mean of `rounds` runs, behind one that warms caches up. The loop itself does not count.
pub(super) fn measure(name: &str, rounds: u64, work: impl FnMut()) {
    let (empty, whole) = without_interrupts(|| (ticks_of(rounds, || {}), ticks_of(rounds, work)));
    report(name, (whole.saturating_sub(empty) + rounds / 2) / rounds);
}

/// Ticks of so many runs, behind one that does not count. There is one place that calls `work`, so that it is compiled into
/// the loop.
fn ticks_of(rounds: u64, mut work: impl FnMut()) -> u64 {
    let mut ticks = 0;
    for rounds in [1, rounds] {
        let start = now();
        for _ in 0..rounds {
            work();
        }
        ticks = now() - start;
    }
    ticks
}

/// Tells the runner a value.
pub(super) fn report(name: &str, instructions: u64) {
    log::info!("Measured {name}: {instructions} instructions");
}
