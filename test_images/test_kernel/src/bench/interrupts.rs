//! What interrupts cost.

use super::measure::{measure, now, report};
use core::{hint, time::Duration};
use kernel::{
    platform::{clock::Instant, timer},
    sync::remote_call,
};
use x86_64::instructions::interrupts;

/// Interrupts of the timer that are measured.
const INTERRUPTS: u64 = 10;

/// Calls that are measured.
const CALLS: u64 = 100;

/// How long the first processor waits until the second one halts.
const UNTIL_IDLE: Duration = Duration::from_millis(5);

/// An interrupt of the timer for a tick, from the interrupted code back to it.
pub(super) fn measure_timer() {
    interrupts::disable();
    timer::start_ticks(timer::MIN_TICK_PERIOD);
    let without = window();
    let mut ticks = 0;
    for _ in 0..INTERRUPTS {
        // The next tick falls due meanwhile, and waits.
        let start = Instant::now();
        while start.elapsed() < timer::MIN_TICK_PERIOD + Duration::from_micros(50) {
            hint::spin_loop();
        }
        ticks += window() - without;
    }
    timer::stop_ticks();
    let counted: u64 = timer::ticks().sum();
    interrupts::enable();
    assert!(counted == INTERRUPTS, "{counted} ticks instead of {INTERRUPTS}");
    report("timer_interrupt", ticks / INTERRUPTS);
}

/// Ticks in which interrupts are on for a moment.
fn window() -> u64 {
    let start = now();
    interrupts::enable();
    interrupts::disable();
    now() - start
}

/// A call of another processor, which halts, and back.
pub(super) fn measure_remote_call() {
    timer::sleep(UNTIL_IDLE);
    measure("remote_call_round_trip", CALLS, || {
        assert!(
            remote_call::call(1, "do nothing", &|| {}),
            "the processor is not online"
        );
    });
}
