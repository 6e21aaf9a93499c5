//! The timer of each processor. It interrupts when somebody waits for a moment or wants regular ticks, and is silent
//! otherwise.
//!
//! A processor's timer is used by that processor only, with interrupts off: there is no lock.

use super::{
    clock::{self, Instant},
    local_apic,
};
use crate::{
    output::logger::IN_INTERRUPT,
    sync::{PerCpu, this_cpu::cpus_count},
};
use core::{
    hint, mem,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use spin::Once;
use x86_64::instructions::interrupts;

/// The shortest period of ticks: at most 100 per second.
pub const MIN_TICK_PERIOD: Duration = Duration::from_millis(10);

/// An interrupt that is early by no more than this counts as in time: the timer's rate is measured in a short window and has a
/// small error. An interrupt that is earlier programs the timer again, and [`sleep`] checks the clock after each one.
const EARLY: Duration = Duration::from_micros(20);

/// How soon the first interrupt comes, which shows that the timer works.
const FIRST_INTERRUPT_AFTER: Duration = Duration::from_millis(1);

/// Set by [`init`] on the BSP, before any AP starts: each processor's timer and its number of ticks.
static TIMERS: Once<PerCpu<Timer, AtomicU64>> = Once::new();

/// What a processor's timer has to interrupt for.
#[derive(Debug, Default)]
struct Timer {
    /// The earliest moment that somebody waits for.
    wake_at: Option<Instant>,
    /// When the next tick is due, and the period.
    ticks: Option<(Instant, Duration)>,
    /// Whether there was an interrupt for one of these before.
    has_interrupted: bool,
}

/// What an interrupt was for.
#[derive(Debug, Default)]
struct Due {
    /// Somebody waited for this moment.
    wakes: bool,
    ticks: bool,
    /// It is the first interrupt for anything.
    is_first: bool,
}

/// Creates the timers. The clock must have been started.
pub fn init() {
    TIMERS.call_once(|| PerCpu::new(cpus_count(), || (Timer::default(), AtomicU64::new(0))));
}

/// Starts this processor's timer: lets it interrupt soon, which is logged.
pub fn start_on_this_cpu() {
    wake_at(Instant::now() + FIRST_INTERRUPT_AFTER);
}

/// Starts ticks of this processor's timer, one each `period`, which is [`MIN_TICK_PERIOD`] at least.
pub fn start_ticks(period: Duration) {
    let period = period.max(MIN_TICK_PERIOD);
    with_timer(|timer, _| {
        timer.ticks = Some((Instant::now() + period, period));
        timer.program(Instant::now());
    });
}

pub fn stop_ticks() {
    with_timer(|timer, _| {
        timer.ticks = None;
        timer.program(Instant::now());
    });
}

/// Number of ticks of each processor, by CPU id.
pub fn ticks() -> impl Iterator<Item = u64> {
    let counts = TIMERS.get().into_iter().flat_map(PerCpu::shared);
    counts.map(|count| count.load(Ordering::Relaxed))
}

/// Returns after `duration`, or a little later. Halts meanwhile if interrupts are enabled, else spins.
pub fn sleep(duration: Duration) {
    let deadline = Instant::now() + duration;
    while Instant::now() < deadline {
        if !interrupts::are_enabled() {
            hint::spin_loop();
            continue;
        }
        interrupts::disable();
        wake_at(deadline);
        // An interrupt that is pending is taken after the halt began, and ends it.
        interrupts::enable_and_hlt();
    }
}

/// Handles an interrupt of the timer. Returns whether anything was due.
pub(super) fn handle_interrupt() -> bool {
    let now = Instant::now() + EARLY;
    let due = with_timer(|timer, ticks| timer.handle(now, ticks)).unwrap_or_default();
    if due.is_first {
        log::debug!(target: IN_INTERRUPT, "Received APIC timer interrupt");
    }
    if due.wakes {
        refine_clock(now);
    }
    due.wakes || due.ticks
}

/// Refines the clock if that is due on this processor, or lets the timer interrupt when it is. Ticks cost nothing for it: it is
/// looked at only when somebody is woken, the first time soon after the timer's start.
fn refine_clock(now: Instant) {
    match clock::refinement_due() {
        Some(due) if due <= now => clock::refine(),
        Some(due) => wake_at(due),
        None => {}
    }
}

/// Lets this processor's timer interrupt at `moment`, or earlier if somebody waits for an earlier moment.
fn wake_at(moment: Instant) {
    with_timer(|timer, _| {
        timer.wake_at = Some(timer.wake_at.map_or(moment, |earlier| earlier.min(moment)));
        timer.program(Instant::now());
    });
}

/// Calls `use_timer` with this processor's timer and count of ticks; returns `None` before [`init`].
fn with_timer<R>(use_timer: impl FnOnce(&mut Timer, &AtomicU64) -> R) -> Option<R> {
    TIMERS.get()?.with(use_timer)
}

impl Timer {
    /// Handles an interrupt at `now`, and programs the next.
    fn handle(&mut self, now: Instant, ticks: &AtomicU64) -> Due {
        let wakes = self.wake_at.take_if(|wake_at| *wake_at <= now).is_some();
        let due_tick = self.ticks.filter(|(due, _)| *due <= now);
        if let Some((due, period)) = due_tick {
            ticks.fetch_add(1, Ordering::Relaxed);
            // Missed ticks are not made up for.
            self.ticks = Some(((due + period).max(now), period));
        }
        self.program(now);
        let ticks = due_tick.is_some();
        Due {
            wakes,
            ticks,
            is_first: (wakes || ticks) && !mem::replace(&mut self.has_interrupted, true),
        }
    }

    /// Programs the hardware for the earliest moment.
    #[inline]
    fn program(&self, now: Instant) {
        let tick_at = self.ticks.map(|(due, _)| due);
        let earliest = self.wake_at.into_iter().chain(tick_at).min();
        let counts = earliest.map_or(0, |moment| {
            let wait_ns = moment.since(now).as_nanos();
            clock::local_apic_timer_counts(u64::try_from(wait_ns).unwrap_or(u64::MAX))
        });
        local_apic::set_timer(counts);
    }
}
