//! Each processor's timer: it interrupts when somebody waits for a moment, or while somebody wants regular ticks, and is
//! silent otherwise.
//!
//! A processor's timer is used by that processor only, with interrupts off: there is no lock.

use super::{
    clock::{self, Instant},
    local_apic,
};
use crate::sync::{PerCpu, this_cpu::cpus_count};
use core::{
    hint,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use spin::Once;
use x86_64::instructions::interrupts;

/// The shortest time between two ticks: 100 a second at most.
pub const MIN_TICK_PERIOD: Duration = Duration::from_millis(10);

/// An interrupt that comes earlier than it was wanted by no more than this is in time: the timer and the clock differ by some
/// millionths. Who waits for a moment looks at the clock himself.
const EARLY: Duration = Duration::from_micros(20);

/// How soon the first interrupt comes, by which a processor shows that its timer works.
const FIRST_INTERRUPT_AFTER: Duration = Duration::from_millis(1);

/// Set by [`init`] on the BSP, before any AP starts: each processor's timer, and how many ticks it has had.
static TIMERS: Once<PerCpu<Timer, AtomicU64>> = Once::new();

/// What a processor's timer is wanted for.
#[derive(Debug, Default)]
struct Timer {
    /// When somebody wants to be woken.
    wake_at: Option<Instant>,
    /// When the next tick is due, and how far apart they are.
    ticks: Option<(Instant, Duration)>,
    /// Whether an interrupt has come.
    has_come: bool,
}

/// Gives each processor a timer. The clock must have been started.
pub fn init() {
    TIMERS.call_once(|| PerCpu::new(cpus_count(), || (Timer::default(), AtomicU64::new(0))));
}

/// Lets this processor's timer interrupt once, soon: the first interrupt of each is logged.
pub fn show_that_it_works() {
    wake_at(Instant::now() + FIRST_INTERRUPT_AFTER);
}

/// Lets this processor's timer tick from now on, every `period` but not more often than every [`MIN_TICK_PERIOD`].
pub fn start_ticks(period: Duration) {
    let period = period.max(MIN_TICK_PERIOD);
    with_timer(|timer, _| {
        timer.ticks = Some((Instant::now() + period, period));
        timer.program(Instant::now());
    });
}

/// Ends the ticks of this processor's timer.
pub fn stop_ticks() {
    with_timer(|timer, _| {
        timer.ticks = None;
        timer.program(Instant::now());
    });
}

/// How many ticks each processor has had, by the processors' ids.
pub fn ticks() -> impl Iterator<Item = u64> {
    let counts = TIMERS.get().into_iter().flat_map(PerCpu::shared);
    counts.map(|count| count.load(Ordering::Relaxed))
}

/// Returns after a time, or a little later. With interrupts on the processor halts meanwhile, else it turns round and round.
pub fn sleep(duration: Duration) {
    let deadline = Instant::now() + duration;
    while Instant::now() < deadline {
        if !interrupts::are_enabled() {
            hint::spin_loop();
            continue;
        }
        interrupts::disable();
        wake_at(deadline);
        // An interrupt that has come meanwhile is taken behind the halt, and ends it.
        interrupts::enable_and_hlt();
    }
}

/// Handles an interrupt of the timer. Returns whether anything was due.
pub(super) fn handle_interrupt() -> bool {
    let now = Instant::now() + EARLY;
    let (was_due, is_first) = with_timer(|timer, ticks| timer.handle(now, ticks)).unwrap_or_default();
    if is_first {
        log::debug!("Received APIC timer interrupt");
    }
    was_due
}

/// Lets this processor be interrupted at a moment, and not later than at the one asked for before.
fn wake_at(moment: Instant) {
    with_timer(|timer, _| {
        timer.wake_at = Some(timer.wake_at.map_or(moment, |earlier| earlier.min(moment)));
        timer.program(Instant::now());
    });
}

/// Uses this processor's timer; `None` before [`init`].
fn with_timer<R>(use_timer: impl FnOnce(&mut Timer, &AtomicU64) -> R) -> Option<R> {
    TIMERS.get()?.with(use_timer)
}

impl Timer {
    /// Handles an interrupt. Returns whether anything was due, and whether it is the first interrupt for which something was.
    fn handle(&mut self, now: Instant, ticks: &AtomicU64) -> (bool, bool) {
        let wakes = self.wake_at.take_if(|wake_at| *wake_at <= now).is_some();
        let ticks_now = self.ticks.filter(|(due, _)| *due <= now);
        if let Some((due, period)) = ticks_now {
            ticks.fetch_add(1, Ordering::Relaxed);
            // Ticks that were missed are not made up for.
            self.ticks = Some(((due + period).max(now), period));
        }
        self.program(now);
        let was_due = wakes || ticks_now.is_some();
        (was_due, was_due && !core::mem::replace(&mut self.has_come, true))
    }

    /// Sets the hardware to the earliest moment that is wanted.
    fn program(&self, now: Instant) {
        let due = self.ticks.map(|(due, _)| due);
        let earliest = self.wake_at.into_iter().chain(due).min();
        let counts = earliest.map_or(0, |moment| {
            let wait_ns = moment.since(now).as_nanos();
            clock::local_apic_timer_counts(u64::try_from(wait_ns).unwrap_or(u64::MAX))
        });
        local_apic::set_timer(counts);
    }
}
