//! The time since the kernel's clock was started, and the date at boot.
//!
//! The clock is the time stamp counter (TSC) of the processors. CPUID tells its rate, or it is measured against a slower
//! clock ([`mod@reference`]): within some thousandths while the boot waits ([`init`]), and again a hundred milliseconds later
//! ([`refine`]).
//!
//! [`Instant::now`] never steps back, on whichever processor it is called: not when the counters of two processors
//! differ, and not when the rate is refined.

mod calibration;
mod instant;
mod reference;

pub use calibration::Calibration;
pub use instant::Instant;
pub use reference::ReferenceClocks;

use crate::{
    boot::limine_requests::DATE_AT_BOOT_REQUEST,
    output::logger::IN_INTERRUPT,
    sync::this_cpu::{BSP_ID, current_cpu_id},
};
use calibration::{REFINED_WINDOW_NS, Refinement};
use core::{arch::x86_64::_rdtsc, time::Duration};
use spin::Once;
use tick_rate::{LatestTime, TickClock};
use time::UtcDateTime;

/// Set by [`init`] on the BSP, before any AP starts.
static CLOCK: Once<Clock> = Once::new();

/// Set by [`mark_kernel_entry`]: the BSP's time stamp counter.
static KERNEL_ENTRY: Once<u64> = Once::new();

/// Set by [`init`] on the BSP if the rate was measured.
static REFINEMENT: Once<Refinement> = Once::new();

/// Set by [`refine`] on the BSP, or by [`init`] if there is nothing to refine. Used instead of [`CLOCK`].
static REFINED: Once<Clock> = Once::new();

/// The latest time that any processor read.
static LATEST: LatestTime = LatestTime::new();

#[derive(Debug, Clone, Copy)]
struct Clock {
    time: TickClock,
    calibration: Calibration,
}

#[inline]
fn read_tsc() -> u64 {
    // SAFETY: Every x86_64 processor has the instruction, and the kernel never sets CR4.TSD.
    unsafe { _rdtsc() }
}

/// Starts the clock. The local APIC of this processor must be set up.
pub fn init(reference_clocks: &ReferenceClocks) -> Calibration {
    let start_tick = read_tsc();
    let (calibration, refinement) = Calibration::measure(reference_clocks);
    let clock = Clock {
        time: TickClock::new(start_tick, calibration.tsc),
        calibration,
    };
    CLOCK.call_once(|| clock);
    match refinement {
        Some(refinement) => {
            REFINEMENT.call_once(|| refinement);
        }
        None => {
            REFINED.call_once(|| clock);
        }
    }
    calibration
}

/// When this processor has to call [`refine`]; `None` if there is nothing to refine, or it is not the BSP, whose TSC was measured.
pub(super) fn refinement_due() -> Option<Instant> {
    let is_wanted = current_cpu_id() == BSP_ID && REFINEMENT.is_completed() && !REFINED.is_completed();
    is_wanted.then(|| Instant::START + Duration::from_nanos(REFINED_WINDOW_NS))
}

/// Refines the rate of the TSC, or keeps the coarse rate if that fails. On the BSP, not before [`refinement_due`].
pub(super) fn refine() {
    let (Some(clock), Some(refinement)) = (CLOCK.get(), REFINEMENT.get()) else {
        return;
    };
    let Some(calibration) = refinement.finish(clock.time) else {
        // The coarse rate stays.
        REFINED.call_once(|| *clock);
        return;
    };
    let time = clock.time.with_rate_from(read_tsc(), calibration.tsc);
    REFINED.call_once(|| Clock { time, calibration });
    log::debug!(target: IN_INTERRUPT, "Clock refined: {calibration}");
}

/// Ticks of the TSC while the boot waited for the measurement of rates.
pub fn waited_ticks() -> u64 {
    CLOCK.get().map_or(0, |clock| clock.calibration.waited_ticks)
}

/// The clock with the best rate known so far; `None` before [`init`].
#[inline]
fn clock() -> Option<&'static Clock> {
    REFINED.get().or_else(|| CLOCK.get())
}

/// Notes that the kernel was entered now. Once, on the BSP.
pub fn mark_kernel_entry() {
    KERNEL_ENTRY.call_once(read_tsc);
}

/// The time since [`mark_kernel_entry`]. Zero before the clock is started.
pub fn since_kernel_entry() -> Duration {
    let Some((clock, entry)) = clock().zip(KERNEL_ENTRY.get()) else {
        return Duration::ZERO;
    };
    Duration::from_nanos(clock.calibration.tsc.ns_of(read_tsc().saturating_sub(*entry)))
}

/// Nanoseconds since the clock was started; 0 before.
#[inline]
pub(super) fn now_ns() -> u64 {
    clock().map_or(0, |clock| LATEST.advance_to(clock.time.ns_at(read_tsc())))
}

/// Counts of a local APIC timer that take at least `duration_ns`; the largest number if there are more.
#[inline]
pub(super) fn local_apic_timer_counts(duration_ns: u64) -> u32 {
    let counts = clock().map_or(0, |clock| clock.calibration.local_apic_timer.ticks_of(duration_ns));
    u32::try_from(counts).unwrap_or(u32::MAX).max(1)
}

/// The date in UTC at which the machine was booted, as the boot loader read it from the machine's clock. `None` if the boot loader
/// did not, or its answer is no date.
pub fn date_at_boot() -> Option<UtcDateTime> {
    let seconds_since_1970 = DATE_AT_BOOT_REQUEST.response()?.timestamp;
    UtcDateTime::from_unix_timestamp(seconds_since_1970).ok()
}
