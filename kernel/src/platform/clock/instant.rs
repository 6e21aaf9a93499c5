//! A moment.

use super::now_ns;
use core::{fmt, ops::Add, time::Duration};

/// Nanoseconds of a second.
const NS_PER_S: u64 = 1_000_000_000;

/// A moment, counted from the start of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant {
    /// Nanoseconds since then: 584 years fit.
    ns: u64,
}

impl Instant {
    /// The moment at which this is called; the start of the clock where it was not started. Never earlier than a moment that
    /// any processor was told before.
    #[inline]
    pub fn now() -> Self {
        Self { ns: now_ns() }
    }

    /// Nanoseconds since the start of the clock.
    #[inline]
    pub const fn as_ns(self) -> u64 {
        self.ns
    }

    /// How long ago that was.
    pub fn elapsed(self) -> Duration {
        Self::now().since(self)
    }

    /// How long after `earlier` that is; nothing if it is before.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.ns.saturating_sub(earlier.ns))
    }
}

/// A sum that does not fit is the last moment of all.
impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let duration_ns = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self {
            ns: self.ns.saturating_add(duration_ns),
        }
    }
}

/// Seconds, with six digits behind the point.
impl fmt::Display for Instant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{:06}", self.ns / NS_PER_S, self.ns % NS_PER_S / 1000)
    }
}
