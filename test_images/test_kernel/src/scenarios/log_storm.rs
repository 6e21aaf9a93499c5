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

/// Number of lines of each processor.
const LINES: u32 = 1_000;

/// Number of ticks of each processor while all log.
const TICKS: u64 = 20;

/// Number of processors that are ready.
static READY: AtomicU32 = AtomicU32::new(0);

/// Number of processors that have logged all their lines.
static FINISHED: AtomicU32 = AtomicU32::new(0);

/// Waits for the other processors, then logs [`LINES`] lines of different lengths. The last processor ends QEMU.
pub(super) fn log_a_thousand_lines() {
    meet();
    (0..LINES).for_each(log_line);
    end_with_the_last();
}

/// Logs with the timer ticking until every processor has had [`TICKS`]. The last processor ends QEMU.
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

/// Logs a line. Its length depends on processor and line, so that mixed lines are recognisable.
fn log_line(line: u32) {
    let cpu = current_cpu_id();
    let width = (line * 7 + cpu) as usize % 60;
    log::info!("storm cpu={cpu} line={line} {:->width$}|", "");
}

/// Waits until all processors are ready.
fn meet() {
    READY.fetch_add(1, Ordering::Relaxed);
    while READY.load(Ordering::Relaxed) < cpus_count() {
        hint::spin_loop();
    }
}

/// Ends QEMU if this is the last processor.
fn end_with_the_last() {
    if FINISHED.fetch_add(1, Ordering::AcqRel) + 1 == cpus_count() {
        exit_qemu(ExitCode::Success);
    }
}
