//! What a rate, a counter and a bracket promise.

use proptest::prelude::*;
use tick_rate::{Bracket, LatestTime, TickClock, TickRate, WrappingCounter};

#[test]
fn a_counter_that_stands_still_has_no_rate() {
    assert_eq!(TickRate::from_measurement(0, 1000), None);
    assert_eq!(TickRate::from_measurement(1000, 0), None);
    assert_eq!(TickRate::from_hertz(0), None);
}

#[test]
fn rates_that_fixed_point_numbers_cannot_tell_are_none() {
    assert_eq!(TickRate::from_measurement(u64::MAX, 1), None);
    assert_eq!(TickRate::from_measurement(1, u64::MAX), None);
}

#[test]
fn a_gigahertz_is_a_tick_a_nanosecond() {
    let rate = TickRate::from_hertz(1_000_000_000).unwrap();
    for number in [0, 1, 12_345, u64::MAX] {
        assert_eq!((rate.ns_of(number), rate.ticks_of(number)), (number, number));
    }
    assert_eq!(rate.hertz(), 1_000_000_000);
}

#[test]
fn too_many_ticks_are_the_largest_number() {
    assert_eq!(TickRate::from_hertz(1000).unwrap().ns_of(u64::MAX), u64::MAX);
    assert_eq!(
        TickRate::from_hertz(5_000_000_000).unwrap().ticks_of(u64::MAX),
        u64::MAX
    );
}

#[test]
fn a_counter_that_is_behind_another_does_not_turn_time_back() {
    let time = LatestTime::new();
    assert_eq!([10, 7, 10, 12, 0].map(|ns| time.advance_to(ns)), [10, 10, 10, 12, 12]);
}

#[test]
fn counters_without_bits_or_period_are_none() {
    for (bits, period) in [(0, 1), (65, 1), (32, 0), (32, u64::MAX)] {
        assert_eq!(WrappingCounter::counting_up(bits, period), None);
        assert_eq!(WrappingCounter::counting_down(bits, period), None);
    }
}

#[test]
fn a_counter_may_wrap_once() {
    let up = WrappingCounter::counting_up(24, 1_000_000).unwrap();
    assert_eq!(up.elapsed_ns(0xff_fff0, 0x10), 0x20);
    let down = WrappingCounter::counting_down(16, 1_000_000).unwrap();
    assert_eq!(down.elapsed_ns(0x10, 0xfff0), 0x20);
    let wide = WrappingCounter::counting_up(64, 1_000_000).unwrap();
    assert_eq!(wide.elapsed_ns(u64::MAX, 1), 2);
}

#[test]
fn takes_the_narrowest_bracket() {
    let bracket = |before, after| Bracket {
        before,
        reading: before,
        after,
    };
    let narrowest = Bracket::narrowest([bracket(0, 100), bracket(200, 210), bracket(300, 390)]).unwrap();
    assert_eq!((narrowest.reading, narrowest.middle()), (200, 205));
    assert_eq!(Bracket::narrowest([]), None);
}

#[test]
fn an_estimate_tells_how_often_a_counter_wrapped() {
    let counter = WrappingCounter::counting_down(16, 1_000_000).unwrap();
    for estimate_ns in [0, 0x8000] {
        assert_eq!(counter.elapsed_ns_near(0x1000, 0, estimate_ns), Some(0x1000));
    }
    assert_eq!(counter.elapsed_ns_near(0x1000, 0, 0x2_1000 - 0x7000), Some(0x2_1000));
    assert_eq!(counter.elapsed_ns_near(0x1000, 0, 0x2_1000 + 0x7000), Some(0x2_1000));
}

#[test]
fn an_estimate_that_does_not_tell_the_wraps_is_refused() {
    let counter = WrappingCounter::counting_up(16, 1_000_000).unwrap();
    assert_eq!(counter.elapsed_ns_near(0, 0, 32 * 0x1_0000), None);
    assert!(counter.elapsed_ns_near(0, 0, 31 * 0x1_0000).is_some());
}

#[test]
fn a_clock_shows_its_start_before_it() {
    let clock = TickClock::new(1000, TickRate::from_hertz(1_000_000_000).unwrap());
    assert_eq!([0, 1000, 1500].map(|tick| clock.ns_at(tick)), [0, 0, 500]);
}

proptest! {
    /// Readings before and after the change of the rate are in order, and the new rate counts from the change on.
    #[test]
    fn a_refined_clock_neither_jumps_nor_steps_back(
        coarse in 1_000_000_u64..10_000_000_000, refined in 1_000_000_u64..10_000_000_000,
        start in any::<u32>(), change in any::<u32>(), more in any::<u32>(),
    ) {
        let (start, change) = (u64::from(start), u64::from(start) + u64::from(change));
        let before = TickClock::new(start, TickRate::from_hertz(coarse).unwrap());
        let rate = TickRate::from_hertz(refined).unwrap();
        let after = before.with_rate_from(change, rate);
        prop_assert_eq!(after.ns_at(change), before.ns_at(change));
        let later = after.ns_at(change + u64::from(more));
        prop_assert_eq!(later - after.ns_at(change), rate.ns_of(u64::from(more)));
    }

    #[test]
    fn time_never_goes_back(hertz in 1_000_u64..10_000_000_000, ticks in any::<u64>(), more in any::<u32>()) {
        let rate = TickRate::from_hertz(hertz).unwrap();
        prop_assert!(rate.ns_of(ticks) <= rate.ns_of(ticks.saturating_add(u64::from(more))));
        prop_assert!(rate.ticks_of(ticks) <= rate.ticks_of(ticks.saturating_add(u64::from(more))));
    }

    /// A million seconds are told to a tenth of a second at any rate that a machine's counter has.
    #[test]
    fn a_rate_is_told_closely(hertz in 1_000_000_u64..10_000_000_000, seconds in 1_u64..1_000_000) {
        let rate = TickRate::from_hertz(hertz).unwrap();
        let exact = u128::from(seconds) * 1_000_000_000;
        let told = u128::from(rate.ns_of(hertz * seconds));
        prop_assert!(told <= exact && exact - told <= exact / 1_000_000 + 1, "{told} of {exact}");
    }

    /// A deadline in ticks is never before the deadline in time, but for what fixed-point numbers cut off.
    #[test]
    fn ticks_are_not_too_few(hertz in 1_000_000_u64..10_000_000_000, ns in 0_u64..1_000_000_000_000) {
        let rate = TickRate::from_hertz(hertz).unwrap();
        let exact = (u128::from(ns) * u128::from(hertz)).div_ceil(1_000_000_000);
        let told = u128::from(rate.ticks_of(ns));
        prop_assert!(told <= exact && exact - told <= exact / 1_000_000 + 1, "{told} of {exact}");
    }

    #[test]
    fn elapsed_time_does_not_depend_on_where_a_counter_stands(
        bits in 8_u32..=64, start in any::<u64>(), ticks in any::<u64>(), period in 1_u64..1_000_000_000,
    ) {
        let mask = u64::MAX >> (64 - bits);
        let (start, ticks) = (start & mask, ticks & mask);
        let end = start.wrapping_add(ticks) & mask;
        let expected = u64::try_from(u128::from(ticks) * u128::from(period) / 1_000_000).unwrap_or(u64::MAX);
        let up = WrappingCounter::counting_up(bits, period).unwrap();
        let down = WrappingCounter::counting_down(bits, period).unwrap();
        prop_assert_eq!(up.elapsed_ns(start, end), expected);
        prop_assert_eq!(down.elapsed_ns(end, start), expected);
    }
}
