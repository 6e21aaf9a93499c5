//! Converts the registers of the PC's real-time clock to seconds (MC146818 and its ACPI century register).
//!
//! The loader reads the registers while no update is in progress, until two reads agree.

/// Content of the clock's registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CmosFields {
    /// Register 0.
    pub second: u8,
    /// Register 2.
    pub minute: u8,
    /// Register 4; on a 12-hour clock bit 7 means PM.
    pub hour: u8,
    /// Register 7; the first day is 1.
    pub day: u8,
    /// Register 8; January is 1.
    pub month: u8,
    /// Register 9, without the century.
    pub year: u8,
    /// The century register, if ACPI's FADT names one and it is read.
    pub century: Option<u8>,
    /// Status register B: how to read the others.
    pub status_b: u8,
}

/// Status register B: the numbers are binary, not two decimal digits.
const STATUS_B_BINARY: u8 = 1 << 2;
/// Status register B: the clock counts 24 hours.
const STATUS_B_24_HOURS: u8 = 1 << 1;
/// Hour register of a 12-hour clock: PM.
const HOUR_AFTERNOON: u8 = 1 << 7;

/// Returns the seconds since 1970-01-01 00:00; `None` if the registers hold no valid date.
#[must_use]
pub fn unix_seconds(fields: &CmosFields) -> Option<i64> {
    let number = |register: u8| {
        if fields.status_b & STATUS_B_BINARY != 0 {
            Some(register)
        } else {
            from_decimal(register)
        }
    };
    let hour = hour(fields.hour, fields.status_b, number)?;
    let (second, minute) = (number(fields.second)?, number(fields.minute)?);
    let (day, month) = (i64::from(number(fields.day)?), i64::from(number(fields.month)?));
    let year = full_year(number(fields.year)?, fields.century.and_then(number))?;
    let in_range =
        second < 60 && minute < 60 && (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
    let seconds_of_day = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    in_range.then(|| days_since_1970(year, month, day) * 86_400 + seconds_of_day)
}

/// Decodes two decimal digits (BCD). Returns `None` if the lower digit is above 9. An upper digit above 9 gives at least 100, which no
/// field accepts.
fn from_decimal(register: u8) -> Option<u8> {
    let (tens, ones) = (register >> 4, register & 0xf);
    (ones <= 9).then_some(tens * 10 + ones)
}

/// The hour, 0 to 23.
fn hour(register: u8, status_b: u8, number: impl Fn(u8) -> Option<u8>) -> Option<u8> {
    if status_b & STATUS_B_24_HOURS != 0 {
        return number(register).filter(|hour| *hour < 24);
    }
    let hour = number(register & !HOUR_AFTERNOON).filter(|hour| (1..=12).contains(hour))?;
    let afternoon = if register & HOUR_AFTERNOON != 0 { 12 } else { 0 };
    Some(hour % 12 + afternoon)
}

/// Returns the year with its century. An implausible century register is ignored.
fn full_year(year: u8, century: Option<u8>) -> Option<i64> {
    let year = Some(i64::from(year)).filter(|year| *year < 100)?;
    let century = match century {
        Some(century @ 19..=29) => i64::from(century),
        // Two digits alone mean 1970 to 2069.
        _ if year >= 70 => 19,
        _ => 20,
    };
    Some(century * 100 + year)
}

/// Whether February has 29 days.
const fn is_leap_year(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Returns the number of days of a month (1 to 12).
const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap_year(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Returns the days from 1970-01-01 to a date (Gregorian calendar).
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let leap_days = |year: i64| year / 4 - year / 100 + year / 400;
    let whole_years = (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969);
    let whole_months: i64 = (1..month).map(|month| days_in_month(year, month)).sum();
    whole_years + whole_months + day - 1
}
