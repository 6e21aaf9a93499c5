//! How fast the time stamp counter and the local APIC's timer tick.

use super::{
    super::local_apic,
    read_tsc,
    reference::{Reference, ReferenceClocks},
};
use core::{fmt, hint};
use raw_cpuid::CpuId;
use tick_rate::{Bracket, TickRate};

/// How long counters are compared. The longer, the closer; the boot waits meanwhile.
const WINDOW_NS: u64 = 10_000_000;

/// How many brackets are tried at either end of the window. The tightest counts: nothing came in between there.
const BRACKETS: u32 = 5;

/// After so many readings without a change a clock stands still.
const MAX_READINGS_WITHOUT_CHANGE: u32 = 100_000;

/// What is taken for the rate where no clock ticks, so that the kernel comes up all the same: 1 GHz.
const ASSUMED_HERTZ: u64 = 1_000_000_000;

/// What was found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calibration {
    /// The rate of the time stamp counter.
    pub tsc: TickRate,
    /// The rate of the local APICs' timers, divided as they are.
    pub local_apic_timer: TickRate,
    /// What the time stamp counter said at the start.
    pub first_tick: u64,
    /// How many of its ticks went by waiting.
    pub waited_ticks: u64,
    /// Who knew.
    pub source: Source,
}

/// Who knew how fast the time stamp counter ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// CPUID (Intel SDM vol. 2, CPUID leaf 15H; or a hypervisor's leaf).
    Cpuid,
    /// A clock of this name.
    Reference(&'static str),
    /// Nobody.
    Assumed,
}

impl Calibration {
    /// Finds out, by CPUID as far as it says, else by the best reference that ticks.
    pub(super) fn measure(clocks: &ReferenceClocks) -> Self {
        let first_tick = read_tsc();
        let by_cpuid = tsc_hertz_by_cpuid().and_then(TickRate::from_hertz);
        local_apic::start_counting();
        let first_count = tightest_bracket(local_apic::current_count);
        let assumed = TickRate::from_hertz(ASSUMED_HERTZ).expect("a gigahertz is a rate");
        let (tsc, source) = match by_cpuid {
            Some(tsc) => {
                wait(tsc);
                (tsc, Source::Cpuid)
            }
            None => clocks
                .candidates()
                .find_map(|reference| Some((measure_by(&reference)?, Source::Reference(reference.name()))))
                .unwrap_or((assumed, Source::Assumed)),
        };
        let last_count = tightest_bracket(local_apic::current_count);
        Self {
            tsc,
            local_apic_timer: timer_rate(tsc, first_count, last_count).unwrap_or(assumed),
            first_tick,
            waited_ticks: read_tsc().saturating_sub(first_tick),
            source,
        }
    }
}

/// Ticks of a second, if CPUID or a hypervisor says.
fn tsc_hertz_by_cpuid() -> Option<u64> {
    let cpuid = CpuId::new();
    let by_processor = cpuid.get_tsc_info().and_then(|info| info.tsc_frequency());
    by_processor.or_else(|| {
        let kilohertz = cpuid.get_hypervisor_info()?.tsc_frequency()?;
        Some(u64::from(kilohertz) * 1000)
    })
}

/// The rate of the time stamp counter by a clock; `None` if that does not tick.
fn measure_by(reference: &Reference) -> Option<TickRate> {
    let counter = reference.counter();
    let first = tightest_bracket(|| reference.read());
    let (mut reading, mut readings_without_change) = (first.reading, 0);
    while counter.elapsed_ns(first.reading, reading) < WINDOW_NS {
        let next = reference.read();
        readings_without_change = if next == reading {
            readings_without_change + 1
        } else {
            0
        };
        if readings_without_change == MAX_READINGS_WITHOUT_CHANGE {
            return None;
        }
        reading = next;
    }
    let last = tightest_bracket(|| reference.read());
    let elapsed_ns = counter.elapsed_ns(first.reading, last.reading);
    TickRate::from_measurement(last.middle().wrapping_sub(first.middle()), elapsed_ns)
}

/// Waits for a window by the time stamp counter.
fn wait(tsc: TickRate) {
    let start = read_tsc();
    while tsc.ns_of(read_tsc().saturating_sub(start)) < WINDOW_NS {
        hint::spin_loop();
    }
}

/// The rate of the local APIC's timer, which counts down; `None` if it does not.
fn timer_rate(tsc: TickRate, first: Bracket, last: Bracket) -> Option<TickRate> {
    let elapsed_ns = tsc.ns_of(last.middle().wrapping_sub(first.middle()));
    TickRate::from_measurement(first.reading.checked_sub(last.reading)?, elapsed_ns)
}

/// The time stamp counter on both sides of a reading: of several tries, where the reading took the shortest time.
fn tightest_bracket(read: impl Fn() -> u64) -> Bracket {
    let take = || Bracket {
        before: read_tsc(),
        reading: read(),
        behind: read_tsc(),
    };
    let first = take();
    Bracket::tightest((1..BRACKETS).map(|_| take()).chain([first])).unwrap_or(first)
}

impl fmt::Display for Calibration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tsc, timer) = (self.tsc.hertz(), self.local_apic_timer.hertz());
        write!(formatter, "TSC {tsc} Hz {}, APIC timer {timer} Hz", self.source)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpuid => formatter.write_str("by CPUID"),
            Self::Reference(name) => write!(formatter, "by the {name}"),
            Self::Assumed => formatter.write_str("assumed, since no clock ticks"),
        }
    }
}
