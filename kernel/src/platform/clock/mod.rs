//! The time since the kernel began, and the time of day.
//!
//! The clock is the processors' time stamp counter (TSC). Its rate is what CPUID says, or is measured once, against a clock
//! that is slower to read ([`mod@reference`]). What always holds: [`Instant::now`] never steps back, on whatever processor it is
//! called, even where the counters of two processors differ.

mod calibration;
mod instant;
mod reference;

pub use calibration::Calibration;
pub use instant::Instant;

use crate::boot::limine_requests::DATE_AT_BOOT_REQUEST;
use core::{arch::x86_64::_rdtsc, time::Duration};
use spin::Once;
use tick_rate::{LatestTime, TickRate};
use time::UtcDateTime;

/// Set by [`init`] on the BSP, before any AP starts.
static CLOCK: Once<Clock> = Once::new();

/// Set by [`mark_kernel_entry`]: the BSP's time stamp counter.
static KERNEL_ENTRY: Once<u64> = Once::new();

/// The latest time that any processor was told.
static LATEST: LatestTime = LatestTime::new();

/// How ticks become time.
struct Clock {
    /// What the counter said at time 0.
    first_tick: u64,
    /// How fast it ticks.
    rate: TickRate,
    /// How fast the local APICs' timers count.
    local_apic_timer: TickRate,
    /// How many ticks went by when that was measured.
    waited_ticks: u64,
}

/// The time stamp counter of the processor that this runs on.
#[inline]
fn read_tsc() -> u64 {
    // SAFETY: Every x86_64 processor has the instruction, and the kernel never forbids it to itself.
    unsafe { _rdtsc() }
}

/// Starts the clock: finds out how fast the counters tick. The local APIC of this processor must be set up.
pub fn init(reference_clocks: &ReferenceClocks) -> Calibration {
    let calibration = Calibration::measure(reference_clocks);
    CLOCK.call_once(|| Clock {
        first_tick: calibration.first_tick,
        rate: calibration.tsc,
        local_apic_timer: calibration.local_apic_timer,
        waited_ticks: calibration.waited_ticks,
    });
    calibration
}

pub use reference::ReferenceClocks;

/// How many ticks of the time stamp counter went by when rates were measured.
pub fn waited_ticks() -> u64 {
    CLOCK.get().map_or(0, |clock| clock.waited_ticks)
}

/// Notes that the kernel was entered now. Once, on the BSP.
pub fn mark_kernel_entry() {
    KERNEL_ENTRY.call_once(read_tsc);
}

/// The time since [`mark_kernel_entry`]. Zero before the clock is started.
pub fn since_kernel_entry() -> Duration {
    let Some((clock, entry)) = CLOCK.get().zip(KERNEL_ENTRY.get()) else {
        return Duration::ZERO;
    };
    Duration::from_nanos(clock.rate.ns_of(read_tsc().saturating_sub(*entry)))
}

/// Nanoseconds since the clock was started; 0 before.
#[inline]
pub(super) fn now_ns() -> u64 {
    let Some(clock) = CLOCK.get() else { return 0 };
    // Another processor's counter may be behind.
    let ticks = read_tsc().saturating_sub(clock.first_tick);
    LATEST.told(clock.rate.ns_of(ticks))
}

/// How many counts of a local APIC's timer take so long at least; the largest number if there are more.
#[inline]
pub(super) fn local_apic_timer_counts(duration_ns: u64) -> u32 {
    let counts = CLOCK
        .get()
        .map_or(0, |clock| clock.local_apic_timer.ticks_of(duration_ns));
    u32::try_from(counts).unwrap_or(u32::MAX).max(1)
}

/// When the machine was booted, in UTC, as the boot loader read the machine's clock; `None` where it did not, or no date is like
/// that.
pub fn date_at_boot() -> Option<UtcDateTime> {
    let seconds_since_1970 = DATE_AT_BOOT_REQUEST.response()?.timestamp;
    UtcDateTime::from_unix_timestamp(seconds_since_1970).ok()
}
