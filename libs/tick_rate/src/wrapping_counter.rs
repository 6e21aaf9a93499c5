//! A counter that begins again at its end.

/// Femtoseconds of a nanosecond.
const FS_PER_NS: u64 = 1_000_000;

/// Nanoseconds of a second, in femtoseconds of a tick of 1 Hz: the slowest counter.
const MAX_PERIOD_FS: u64 = 1_000_000_000 * FS_PER_NS;

/// A counter of up to 64 bits with a known period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrappingCounter {
    /// All ones in the counter's bits.
    mask: u64,
    /// Femtoseconds of a tick.
    period_fs: u64,
    /// Whether it counts down.
    is_backwards: bool,
}

impl WrappingCounter {
    /// A counter of so many bits that counts up. `None` for no bits, more than 64, or a period of 0 or above a second.
    #[must_use]
    pub const fn counting_up(bits: u32, period_fs: u64) -> Option<Self> {
        if bits == 0 || bits > u64::BITS || period_fs == 0 || period_fs > MAX_PERIOD_FS {
            return None;
        }
        Some(Self {
            mask: u64::MAX >> (u64::BITS - bits),
            period_fs,
            is_backwards: false,
        })
    }

    /// The same, counting down.
    #[must_use]
    pub const fn counting_down(bits: u32, period_fs: u64) -> Option<Self> {
        match Self::counting_up(bits, period_fs) {
            Some(counter) => Some(Self {
                is_backwards: true,
                ..counter
            }),
            None => None,
        }
    }

    /// Nanoseconds from one reading to the next, rounded down; the counter has wrapped at most once meanwhile.
    #[must_use]
    pub fn elapsed_ns(self, start: u64, end: u64) -> u64 {
        let (from, to) = if self.is_backwards { (end, start) } else { (start, end) };
        let ticks = to.wrapping_sub(from) & self.mask;
        let elapsed_fs = u128::from(ticks) * u128::from(self.period_fs);
        u64::try_from(elapsed_fs / u128::from(FS_PER_NS)).unwrap_or(u64::MAX)
    }
}
