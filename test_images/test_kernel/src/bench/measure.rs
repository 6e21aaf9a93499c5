//! Counts instructions with the time stamp counter.

use core::{
    arch::x86_64::_rdtsc,
    sync::atomic::{AtomicU64, Ordering},
};
use kernel::platform::clock;
use x86_64::instructions::interrupts::without_interrupts;

/// Time stamp counter at the kernel's entry.
static AT_ENTRY: AtomicU64 = AtomicU64::new(0);

/// Reads the time stamp counter.
pub(super) fn now() -> u64 {
    // SAFETY: Every x86_64 processor has the instruction, and kernel mode may always use it.
    unsafe { _rdtsc() }
}

/// Stores the time of the kernel's entry.
pub(crate) fn note_entry() {
    AT_ENTRY.store(now(), Ordering::Relaxed);
}

/// Reports the time since the kernel's entry, without the waits of the clock's calibration.
pub(super) fn report_boot(name: &str) {
    report(name, now() - AT_ENTRY.load(Ordering::Relaxed) - clock::waited_ticks());
}

/// Reports the boot's waits for the clock's calibration.
pub(super) fn report_boot_waits() {
    report("boot_waits", clock::waited_ticks());
}

/// Reports the mean cost of `work` over `rounds` runs, after a warm-up run. The cost of the empty loop is subtracted.
pub(super) fn measure(name: &str, rounds: u64, work: impl FnMut()) {
    let (empty, whole) = without_interrupts(|| (ticks_of(rounds, || {}), ticks_of(rounds, work)));
    report(name, (whole.saturating_sub(empty) + rounds / 2) / rounds);
}

/// Returns the ticks of `rounds` runs, after a warm-up run. `work` has a single call site, so that the compiler inlines
/// it.
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

/// Logs a value for the runner.
pub(super) fn report(name: &str, instructions: u64) {
    log::info!("Measured {name}: {instructions} instructions");
}
