//! Time from a counter: [`TickClock`] converts one counter's readings, [`LatestTime`] merges those of several processors.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::TickRate;

/// A clock on a free-running counter: a starting point and a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TickClock {
    start_tick: u64,
    start_ns: u64,
    rate: TickRate,
}

impl TickClock {
    /// A clock that shows 0 at `start_tick`.
    #[must_use]
    pub const fn new(start_tick: u64, rate: TickRate) -> Self {
        Self {
            start_tick,
            start_ns: 0,
            rate,
        }
    }

    /// The time in nanoseconds when the counter reads `tick`. Before the starting point it is the time of that point.
    #[must_use]
    #[inline]
    pub fn ns_at(self, tick: u64) -> u64 {
        let elapsed_ns = self.rate.ns_of(tick.saturating_sub(self.start_tick));
        self.start_ns.saturating_add(elapsed_ns)
    }

    /// The same clock with another rate from `tick` on. Its time does not jump there.
    #[must_use]
    pub fn with_rate_from(self, tick: u64, rate: TickRate) -> Self {
        Self {
            start_tick: tick,
            start_ns: self.ns_at(tick),
            rate,
        }
    }
}

/// Keeps time from stepping back when several processors read it from counters that differ.
#[derive(Debug, Default)]
pub struct LatestTime {
    latest_ns: AtomicU64,
}

impl LatestTime {
    /// Starts at 0.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            latest_ns: AtomicU64::new(0),
        }
    }

    /// Returns `time_ns`, or the latest time returned before if that is later.
    #[inline]
    pub fn advance_to(&self, time_ns: u64) -> u64 {
        let latest_ns = self.latest_ns.load(Ordering::Relaxed);
        if time_ns <= latest_ns {
            return latest_ns;
        }
        self.latest_ns.fetch_max(time_ns, Ordering::Relaxed).max(time_ns)
    }
}
