//! A moment on the kernel's clock.

use super::now_ns;
use core::{fmt, ops::Add, time::Duration};
use tick_rate::NS_PER_S;

/// A moment, in nanoseconds since the clock was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant {
    /// 584 years fit.
    ns: u64,
}

impl Instant {
    pub(super) const START: Self = Self { ns: 0 };

    /// The current moment; [`Self::START`] before the clock is started. Never earlier than a moment that any processor read
    /// before.
    #[inline]
    pub fn now() -> Self {
        Self { ns: now_ns() }
    }

    #[inline]
    pub const fn as_ns(self) -> u64 {
        self.ns
    }

    pub fn elapsed(self) -> Duration {
        Self::now().since(self)
    }

    /// The time from `earlier` to this moment; zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.ns.saturating_sub(earlier.ns))
    }
}

/// Saturates at the last moment that fits.
impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let duration_ns = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self {
            ns: self.ns.saturating_add(duration_ns),
        }
    }
}

/// Seconds, with six decimals.
impl fmt::Display for Instant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{:06}", self.ns / NS_PER_S, self.ns % NS_PER_S / 1000)
    }
}
