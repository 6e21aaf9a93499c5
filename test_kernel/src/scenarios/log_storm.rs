//! All processors log at once.

use core::{
    hint,
    sync::atomic::{AtomicU32, Ordering},
};
use kernel::{
    cpu::cpu_local_data::{cpus_count, current_cpu_id},
    output::{ExitCode, exit_qemu},
};

/// Lines of each processor.
const LINES: u32 = 1_000;

/// How many processors are ready to begin.
static READY: AtomicU32 = AtomicU32::new(0);

/// How many processors have logged all their lines.
static FINISHED: AtomicU32 = AtomicU32::new(0);

/// Waits for the other processors, then logs [`LINES`] lines of many lengths. The last one ends QEMU.
pub(super) fn log_a_thousand_lines() {
    let cpus = cpus_count();
    READY.fetch_add(1, Ordering::Relaxed);
    while READY.load(Ordering::Relaxed) < cpus {
        hint::spin_loop();
    }
    let cpu = current_cpu_id();
    for line in 0..LINES {
        let width = (line * 7 + cpu) as usize % 60;
        log::info!("storm cpu={cpu} line={line} {:->width$}|", "");
    }
    if FINISHED.fetch_add(1, Ordering::AcqRel) + 1 == cpus {
        exit_qemu(ExitCode::Success);
    }
}
