//! The rate of a counter.

/// Fractional bits of the factors below.
const FRACTION_BITS: u32 = 32;

/// Nanoseconds per second.
pub const NS_PER_S: u64 = 1_000_000_000;

/// The rate of a counter, as two fixed-point factors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TickRate {
    /// Nanoseconds per tick, with 32 fractional bits.
    ns_per_tick: u64,
    /// Ticks per nanosecond, with 32 fractional bits.
    ticks_per_ns: u64,
}

impl TickRate {
    /// The rate of a counter that made `ticks` ticks in `elapsed_ns` nanoseconds. `None` if either is 0, or one is 2³²
    /// times the other.
    #[must_use]
    pub fn from_measurement(ticks: u64, elapsed_ns: u64) -> Option<Self> {
        Some(Self {
            ns_per_tick: ratio(elapsed_ns, ticks)?,
            ticks_per_ns: ratio(ticks, elapsed_ns)?,
        })
    }

    /// The rate of a counter of this frequency.
    #[must_use]
    pub fn from_hertz(hertz: u64) -> Option<Self> {
        Self::from_measurement(hertz, NS_PER_S)
    }

    /// The nanoseconds that `ticks` take, rounded down; [`u64::MAX`] if there are more.
    #[must_use]
    #[inline]
    pub fn ns_of(self, ticks: u64) -> u64 {
        narrow((u128::from(ticks) * u128::from(self.ns_per_tick)) >> FRACTION_BITS)
    }

    /// The ticks that take at least `ns` nanoseconds; [`u64::MAX`] if there are more.
    #[must_use]
    #[inline]
    pub fn ticks_of(self, ns: u64) -> u64 {
        let ticks = u128::from(ns) * u128::from(self.ticks_per_ns);
        narrow((ticks + (1 << FRACTION_BITS) - 1) >> FRACTION_BITS)
    }

    /// Ticks per second.
    #[must_use]
    pub fn hertz(self) -> u64 {
        narrow((u128::from(NS_PER_S) * u128::from(self.ticks_per_ns)) >> FRACTION_BITS)
    }
}

/// A quotient with 32 fractional bits. `None` if it is 0 or does not fit.
fn ratio(dividend: u64, divisor: u64) -> Option<u64> {
    let quotient = (u128::from(dividend) << FRACTION_BITS).checked_div(u128::from(divisor))?;
    u64::try_from(quotient).ok().filter(|quotient| *quotient != 0)
}

/// The number, or the largest that fits.
#[inline]
pub(crate) fn narrow(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
