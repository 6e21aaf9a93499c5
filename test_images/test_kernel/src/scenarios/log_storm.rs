//! All processors log at once.

use core::{
    hint,
    sync::atomic::{AtomicU32, Ordering},
};
use kernel::{
    cpu::cpu_local_data::{cpus_count, current_cpu_id},
    output::{ExitCode, exit_qemu},
    platform::timer,
};

/// Lines of each processor.
const LINES: u32 = 1_000;

/// Ticks that each processor gets while all log.
const TICKS: u64 = 20;

/// How many processors are ready to begin.
static READY: AtomicU32 = AtomicU32::new(0);

/// How many processors have logged all their lines.
static FINISHED: AtomicU32 = AtomicU32::new(0);

/// Waits for the other processors, then logs [`LINES`] lines of many lengths. The last one ends QEMU.
pub(super) fn log_a_thousand_lines() {
    meet();
    (0..LINES).for_each(log_line);
    end_with_the_last();
}

/// Lets this processor's timer tick, and logs until every processor has had [`TICKS`]. The last one ends QEMU.
pub(super) fn log_while_ticking() {
    meet();
    timer::start_ticks(timer::MIN_TICK_PERIOD);
    for line in 0.. {
        log_line(line);
        if timer::ticks().all(|ticks| ticks >= TICKS) {
            break;
        }
    }
    timer::stop_ticks();
    end_with_the_last();
}

/// Logs a line of this processor's: the widths make lines of many lengths, so that torn ones differ.
fn log_line(line: u32) {
    let cpu = current_cpu_id();
    let width = (line * 7 + cpu) as usize % 60;
    log::info!("storm cpu={cpu} line={line} {:->width$}|", "");
}

/// Waits until all processors are here.
fn meet() {
    READY.fetch_add(1, Ordering::Relaxed);
    while READY.load(Ordering::Relaxed) < cpus_count() {
        hint::spin_loop();
    }
}

/// Ends QEMU when this is the last processor.
fn end_with_the_last() {
    if FINISHED.fetch_add(1, Ordering::AcqRel) + 1 == cpus_count() {
        exit_qemu(ExitCode::Success);
    }
}
