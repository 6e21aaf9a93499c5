//! Benchmarks of interrupts.

use super::measure::{measure, now, report};
use core::{hint, time::Duration};
use kernel::{
    platform::{clock::Instant, timer},
    sync::remote_call,
};
use x86_64::instructions::interrupts;

/// Number of timer interrupts to measure.
const INTERRUPTS: u64 = 10;

/// Number of remote calls to measure.
const CALLS: u64 = 100;

/// Wait before a measurement: until the second processor halts and the clock, 100 ms after its start, is refined.
const UNTIL_IDLE: Duration = Duration::from_millis(120);

/// Measures a timer interrupt, from the interrupted code back to it.
pub(super) fn measure_timer() {
    timer::sleep(UNTIL_IDLE);
    interrupts::disable();
    timer::start_ticks(timer::MIN_TICK_PERIOD);
    let without = window();
    let mut ticks = 0;
    for _ in 0..INTERRUPTS {
        // The next tick becomes pending meanwhile.
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

/// Returns the ticks of a short window with interrupts on.
fn window() -> u64 {
    let start = now();
    interrupts::enable();
    interrupts::disable();
    now() - start
}

/// Measures a remote call to a processor that halts.
pub(super) fn measure_remote_call() {
    timer::sleep(UNTIL_IDLE);
    measure("remote_call_round_trip", CALLS, || {
        assert!(
            remote_call::call(1, "do nothing", &|| {}),
            "the processor is not online"
        );
    });
}
