//! Measures the rates of the time stamp counter (TSC) and of the local APIC timers.
//!
//! The boot waits for a short window only, which is good for some thousandths. The measurement then goes on while the boot
//! runs: [`Refinement`] compares the same two counters again when a hundred milliseconds have passed.

use super::{
    super::local_apic,
    read_tsc,
    reference::{Reference, ReferenceClocks},
};
use core::{fmt, hint};
use raw_cpuid::CpuId;
use tick_rate::{Bracket, TickClock, TickRate};

/// How long the boot waits to compare counters. Reading a slow reference is off by a microsecond or two: 0.1 % of this.
const WINDOW_NS: u64 = 2_000_000;

/// How long the refinement compares counters: the same microsecond or two are 0.002 % of this.
pub(super) const REFINED_WINDOW_NS: u64 = 100_000_000;

/// Brackets that are tried at either end of a window. The narrowest is used.
const BRACKETS: u32 = 5;

/// A reference stands still if it does not change in so many readings.
const MAX_READINGS_WITHOUT_CHANGE: u32 = 100_000;

/// Assumed TSC frequency where no reference ticks, so that the kernel boots at all: 1 GHz.
const ASSUMED_HERTZ: u64 = 1_000_000_000;

/// The rates of the counters, and their source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calibration {
    pub tsc: TickRate,
    /// The rate of the local APIC timers, with their divider.
    pub local_apic_timer: TickRate,
    pub source: TscSource,
    /// Ticks of the TSC while the boot waited for the measurement.
    pub waited_ticks: u64,
    timer_window: TimerWindow,
}

/// Source of the TSC frequency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TscSource {
    /// CPUID leaf 15H (Intel SDM vol. 2), or a hypervisor's leaf.
    Cpuid,
    /// Measured against the clock of this name.
    Reference(&'static str),
    /// Not measured, assumed.
    Assumed,
}

/// How far the local APIC timer and the TSC counted in the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct TimerWindow {
    timer_counts: u64,
    tsc_ticks: u64,
}

/// A measurement of the TSC that goes on while the kernel runs.
pub(super) struct Refinement {
    reference: Reference,
    first: Bracket,
    coarse: Calibration,
}

impl Calibration {
    /// Takes the TSC frequency from CPUID, or else measures it against the best reference that ticks. The second value
    /// refines what was measured.
    pub(super) fn measure(clocks: &ReferenceClocks) -> (Self, Option<Refinement>) {
        let start_tick = read_tsc();
        local_apic::start_counting();
        let first_count = narrowest_bracket(local_apic::current_count);
        let (tsc, source, measured) = match tsc_hertz_by_cpuid().and_then(TickRate::from_hertz) {
            Some(tsc) => {
                wait(tsc);
                (tsc, TscSource::Cpuid, None)
            }
            None => measure_by_reference(clocks),
        };
        let last_count = narrowest_bracket(local_apic::current_count);
        let timer_window = TimerWindow {
            // The timer counts down.
            timer_counts: first_count.reading.saturating_sub(last_count.reading),
            tsc_ticks: last_count.middle().saturating_sub(first_count.middle()),
        };
        let coarse = Self {
            tsc,
            local_apic_timer: timer_window.timer_rate(tsc),
            source,
            waited_ticks: read_tsc().saturating_sub(start_tick),
            timer_window,
        };
        let refinement = measured.map(|(reference, first)| Refinement {
            reference,
            first,
            coarse,
        });
        (coarse, refinement)
    }
}

impl Refinement {
    /// Measures again. `clock` is the clock with the coarse rate. `None` if the window is too long for the reference.
    pub(super) fn finish(&self, clock: TickClock) -> Option<Calibration> {
        let last = narrowest_bracket(|| self.reference.read());
        let estimate_ns = clock
            .ns_at(last.middle())
            .saturating_sub(clock.ns_at(self.first.middle()));
        let elapsed_ns = self
            .reference
            .counter()
            .elapsed_ns_near(self.first.reading, last.reading, estimate_ns)?;
        let tsc = TickRate::from_measurement(last.middle().saturating_sub(self.first.middle()), elapsed_ns)?;
        Some(Calibration {
            tsc,
            local_apic_timer: self.coarse.timer_window.timer_rate(tsc),
            ..self.coarse
        })
    }
}

impl TimerWindow {
    /// The rate of the local APIC timer if this is the rate of the TSC. Assumed where the timer does not count.
    fn timer_rate(self, tsc: TickRate) -> TickRate {
        TickRate::from_measurement(self.timer_counts, tsc.ns_of(self.tsc_ticks)).unwrap_or(assumed_rate())
    }
}

fn assumed_rate() -> TickRate {
    TickRate::from_hertz(ASSUMED_HERTZ).expect("1 GHz is one tick per nanosecond, which a rate can hold")
}

fn tsc_hertz_by_cpuid() -> Option<u64> {
    let cpuid = CpuId::new();
    let by_processor = cpuid.get_tsc_info().and_then(|info| info.tsc_frequency());
    by_processor.or_else(|| {
        let kilohertz = cpuid.get_hypervisor_info()?.tsc_frequency()?;
        Some(u64::from(kilohertz) * 1000)
    })
}

/// Measures the TSC against the first reference that ticks. The third value is that reference and its first reading.
fn measure_by_reference(clocks: &ReferenceClocks) -> (TickRate, TscSource, Option<(Reference, Bracket)>) {
    for reference in clocks.candidates() {
        let first = narrowest_bracket(|| reference.read());
        if let Some(tsc) = measure_by(&reference, first) {
            return (tsc, TscSource::Reference(reference.name()), Some((reference, first)));
        }
    }
    (assumed_rate(), TscSource::Assumed, None)
}

/// The rate of the TSC by a reference, over a window from `first` on; `None` if the reference does not tick.
fn measure_by(reference: &Reference, first: Bracket) -> Option<TickRate> {
    let counter = reference.counter();
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
    let last = narrowest_bracket(|| reference.read());
    let elapsed_ns = counter.elapsed_ns(first.reading, last.reading);
    TickRate::from_measurement(last.middle().wrapping_sub(first.middle()), elapsed_ns)
}

/// Waits for a window, by a TSC of known rate.
fn wait(tsc: TickRate) {
    let start = read_tsc();
    while tsc.ns_of(read_tsc().saturating_sub(start)) < WINDOW_NS {
        hint::spin_loop();
    }
}

/// Reads TSC, counter, TSC several times; returns the try with the smallest TSC difference.
fn narrowest_bracket(read: impl Fn() -> u64) -> Bracket {
    let take = || Bracket {
        before: read_tsc(),
        reading: read(),
        after: read_tsc(),
    };
    let first = take();
    Bracket::narrowest((1..BRACKETS).map(|_| take()).chain([first])).unwrap_or(first)
}

impl fmt::Display for Calibration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tsc, timer) = (self.tsc.hertz(), self.local_apic_timer.hertz());
        write!(formatter, "TSC {tsc} Hz {}, APIC timer {timer} Hz", self.source)
    }
}

impl fmt::Display for TscSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpuid => formatter.write_str("by CPUID"),
            Self::Reference(name) => write!(formatter, "by the {name}"),
            Self::Assumed => formatter.write_str("assumed, since no clock ticks"),
        }
    }
}
