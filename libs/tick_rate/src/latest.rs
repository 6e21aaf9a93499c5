//! The latest time that anybody was told.

use core::sync::atomic::{AtomicU64, Ordering};

/// Keeps times from stepping back: readings of several counters, which may differ, become one time that only goes on.
#[derive(Debug, Default)]
pub struct LatestTime {
    /// In nanoseconds.
    latest_ns: AtomicU64,
}

impl LatestTime {
    /// The beginning.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            latest_ns: AtomicU64::new(0),
        }
    }

    /// What time it is when a counter says so much: that, or what somebody was told before if that is later.
    #[inline]
    pub fn told(&self, time_ns: u64) -> u64 {
        let latest_ns = self.latest_ns.load(Ordering::Relaxed);
        if time_ns <= latest_ns {
            return latest_ns;
        }
        self.latest_ns.fetch_max(time_ns, Ordering::Relaxed).max(time_ns)
    }
}
