//! Rules of the real-time clock. The seconds were computed with `date -u -d ... +%s`.

use multiboot2_loader_core::date::{CmosFields, unix_seconds};
use proptest::prelude::{any, proptest};
use proptest::prop_assert_eq;

/// 2026-03-01 23:59:58 in decimal digits on a 24-hour clock.
const DECIMAL: CmosFields = CmosFields {
    second: 0x58,
    minute: 0x59,
    hour: 0x23,
    day: 0x01,
    month: 0x03,
    year: 0x26,
    century: Some(0x20),
    status_b: 0b010,
};

#[test]
fn reads_decimal_digits_and_binary_numbers() {
    assert_eq!(unix_seconds(&DECIMAL), Some(1_772_409_598));
    let binary = CmosFields {
        second: 58,
        minute: 59,
        hour: 23,
        day: 1,
        month: 3,
        year: 26,
        century: Some(20),
        status_b: 0b110,
    };
    assert_eq!(unix_seconds(&binary), Some(1_772_409_598));
}

#[test]
fn reads_twelve_hour_clocks() {
    let at = |hour| {
        unix_seconds(&CmosFields {
            hour,
            status_b: 0b000,
            ..DECIMAL
        })
    };
    assert_eq!(at(0x80 | 0x11), Some(1_772_409_598));
    assert_eq!(at(0x11), Some(1_772_409_598 - 12 * 3600));
    // Twelve is the first hour of each half of the day.
    assert_eq!(at(0x12), Some(1_772_409_598 - 23 * 3600));
    assert_eq!(at(0x80 | 0x12), Some(1_772_409_598 - 11 * 3600));
}

#[test]
fn without_a_sensible_century_two_digits_mean_1970_to_2069() {
    let at = |year, century| {
        unix_seconds(&CmosFields {
            year,
            century,
            ..DECIMAL
        })
    };
    assert_eq!(at(0x26, None), Some(1_772_409_598));
    assert_eq!(at(0x26, Some(0)), Some(1_772_409_598));
    assert_eq!(at(0x26, Some(0xff)), Some(1_772_409_598));
    assert_eq!(at(0x70, None), Some(5_183_998));
    assert_eq!(at(0x69, None), Some(3_129_407_998));
    assert_eq!(at(0x00, Some(0x21)), Some(4_107_628_798));
}

#[test]
fn knows_leap_years() {
    let day = |year, month, day| {
        unix_seconds(&CmosFields {
            second: 0,
            minute: 0,
            hour: 0,
            day,
            month,
            year,
            ..DECIMAL
        })
    };
    assert_eq!(day(0x24, 0x02, 0x29), Some(1_709_164_800));
    assert_eq!(day(0x24, 0x12, 0x31), Some(1_735_603_200));
    assert_eq!(day(0x26, 0x02, 0x29), None);
    assert_eq!(day(0x00, 0x02, 0x29), Some(951_782_400));
}

#[test]
fn rejects_registers_that_hold_no_date() {
    for broken in [
        CmosFields {
            second: 0x60,
            ..DECIMAL
        },
        CmosFields {
            second: 0x4a,
            ..DECIMAL
        },
        CmosFields {
            minute: 0x60,
            ..DECIMAL
        },
        CmosFields { hour: 0x24, ..DECIMAL },
        CmosFields {
            hour: 0x00,
            status_b: 0,
            ..DECIMAL
        },
        CmosFields {
            hour: 0x13,
            status_b: 0,
            ..DECIMAL
        },
        CmosFields { day: 0, ..DECIMAL },
        CmosFields { day: 0x32, ..DECIMAL },
        CmosFields {
            day: 0x31,
            month: 0x04,
            ..DECIMAL
        },
        CmosFields { month: 0, ..DECIMAL },
        CmosFields { month: 0x13, ..DECIMAL },
        CmosFields { year: 0xa0, ..DECIMAL },
        CmosFields {
            year: 100,
            status_b: 0b110,
            second: 0,
            minute: 0,
            hour: 0,
            ..DECIMAL
        },
    ] {
        assert_eq!(unix_seconds(&broken), None, "{broken:?}");
    }
}

/// One day after the other, as a calendar on the wall does it.
fn days_by_counting(year: i64, month: u8, day: u8) -> i64 {
    let is_leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let february = |year| if is_leap(year) { 29 } else { 28 };
    let months = |year| [31, february(year), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let years: i64 = (1970..year).map(|year| months(year).iter().sum::<i64>()).sum();
    years + months(year)[..usize::from(month) - 1].iter().sum::<i64>() + i64::from(day) - 1
}

proptest! {
    #[test]
    fn counts_days_as_the_calendar_does(year in 0..100_u8, century in 20..30_u8, month in 1..=12_u8, day in 1..=28_u8) {
        let fields = CmosFields { second: 0, minute: 0, hour: 0, day, month, year, century: Some(century), status_b: 0b110 };
        let days = days_by_counting(i64::from(century) * 100 + i64::from(year), month, day);
        prop_assert_eq!(unix_seconds(&fields), Some(days * 86_400));
    }

    #[test]
    fn no_registers_make_it_panic(r in any::<[u8; 8]>(), century in any::<Option<u8>>()) {
        let [second, minute, hour, day, month, year, status_b, _] = r;
        let fields = CmosFields { second, minute, hour, day, month, year, century, status_b };
        if let Some(seconds) = unix_seconds(&fields) {
            // From 1900 to the end of 2999.
            prop_assert_eq!((-2_208_988_800..32_503_680_000_i64).contains(&seconds), true);
        }
    }
}
