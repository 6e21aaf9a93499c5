//! Reading counters: the time between two readings of one, and a reading of one between two of another.

use crate::rate::narrow;

const FS_PER_NS: u64 = 1_000_000;

/// The longest period of a counter: one second.
const MAX_PERIOD_FS: u64 = 1_000_000_000 * FS_PER_NS;

/// An estimate of elapsed time is assumed to be off by less than this fraction of itself.
const MAX_ESTIMATE_ERROR: u128 = 64;

/// A counter of up to 64 bits with a known period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrappingCounter {
    mask: u64,
    period_fs: u64,
    counts_down: bool,
}

impl WrappingCounter {
    /// A counter of `bits` bits that counts up. `None` for no bits, more than 64, or a period of 0 or above a second.
    #[must_use]
    pub const fn counting_up(bits: u32, period_fs: u64) -> Option<Self> {
        if bits == 0 || bits > u64::BITS || period_fs == 0 || period_fs > MAX_PERIOD_FS {
            return None;
        }
        Some(Self {
            mask: u64::MAX >> (u64::BITS - bits),
            period_fs,
            counts_down: false,
        })
    }

    /// As [`Self::counting_up`], for a counter that counts down.
    #[must_use]
    pub const fn counting_down(bits: u32, period_fs: u64) -> Option<Self> {
        match Self::counting_up(bits, period_fs) {
            Some(counter) => Some(Self {
                counts_down: true,
                ..counter
            }),
            None => None,
        }
    }

    /// Nanoseconds from one reading to the next, rounded down, if the counter wrapped at most once between them.
    #[must_use]
    pub fn elapsed_ns(self, start: u64, end: u64) -> u64 {
        narrow(self.elapsed_fs(start, end) / u128::from(FS_PER_NS))
    }

    /// Nanoseconds from one reading to the next when the counter may have wrapped several times: the possible value that
    /// is closest to `estimate_ns`. `None` if the estimate is too long to tell the number of wraps: an error of a 64th of
    /// it would be half a wrap.
    #[must_use]
    pub fn elapsed_ns_near(self, start: u64, end: u64, estimate_ns: u64) -> Option<u64> {
        let wrap_fs = (u128::from(self.mask) + 1) * u128::from(self.period_fs);
        let estimate_fs = u128::from(estimate_ns) * u128::from(FS_PER_NS);
        if estimate_fs / MAX_ESTIMATE_ERROR >= wrap_fs / 2 {
            return None;
        }
        let elapsed_fs = self.elapsed_fs(start, end);
        let wraps = (estimate_fs + wrap_fs / 2).saturating_sub(elapsed_fs) / wrap_fs;
        Some(narrow((elapsed_fs + wraps * wrap_fs) / u128::from(FS_PER_NS)))
    }

    fn elapsed_fs(self, start: u64, end: u64) -> u128 {
        let (from, to) = if self.counts_down { (end, start) } else { (start, end) };
        let ticks = to.wrapping_sub(from) & self.mask;
        u128::from(ticks) * u128::from(self.period_fs)
    }
}

/// A reading of one counter between two readings of another. The narrower the bracket, the better known is the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bracket {
    /// The other counter before the reading.
    pub before: u64,
    /// The reading.
    pub reading: u64,
    /// The other counter after the reading.
    pub after: u64,
}

impl Bracket {
    /// The narrowest of several brackets: the one that no interrupt or virtual machine exit made wider. `None` if there
    /// are none.
    pub fn narrowest(brackets: impl IntoIterator<Item = Self>) -> Option<Self> {
        brackets.into_iter().min_by_key(|bracket| bracket.width())
    }

    /// The other counter halfway through the bracket.
    #[must_use]
    pub const fn middle(&self) -> u64 {
        self.before.wrapping_add(self.width() / 2)
    }

    const fn width(&self) -> u64 {
        self.after.wrapping_sub(self.before)
    }
}
