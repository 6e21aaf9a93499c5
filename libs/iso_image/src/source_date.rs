//! The single date on an ISO, so that the same input gives the same bytes.

use crate::error::IsoError;
use crate::host_tools::Host;

/// Default date, 2023-11-14 22:13:20 UTC: an arbitrary constant.
const DEFAULT_EPOCH_S: u64 = 1_700_000_000;
/// 1980-01-01, the earliest date in FAT.
const EARLIEST_S: u64 = 315_532_800;
/// 2100-01-01: the calendar computation below ends before it.
const LATEST_S: u64 = 4_102_444_800;
/// Seconds in a day.
const DAY_S: u64 = 86_400;

/// A date in seconds since 1970, as the `SOURCE_DATE_EPOCH` convention defines it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceDate {
    /// Seconds since 1970-01-01 00:00:00 UTC, between 1980 and 2100.
    epoch_s: u64,
}

impl SourceDate {
    /// Reads the host's `SOURCE_DATE_EPOCH`; the default is a constant.
    ///
    /// # Errors
    /// [`IsoError::SourceDate`] if the variable is set to something other than a supported date.
    pub fn of(host: &Host) -> Result<Self, IsoError> {
        let Some(value) = &host.source_date_epoch else {
            return Ok(Self {
                epoch_s: DEFAULT_EPOCH_S,
            });
        };
        let epoch_s = value
            .to_str()
            .and_then(|text| text.parse().ok())
            .filter(|epoch_s| (EARLIEST_S..LATEST_S).contains(epoch_s));
        match epoch_s {
            Some(epoch_s) => Ok(Self { epoch_s }),
            None => Err(IsoError::SourceDate {
                value: value.to_string_lossy().into_owned(),
            }),
        }
    }

    /// Returns the seconds since 1970.
    #[must_use]
    pub fn epoch_s(self) -> u64 {
        self.epoch_s
    }

    /// Formats the date as `YYYYMMDDhhmmsscc`, xorriso's form of a volume date.
    #[must_use]
    pub fn volume_date(self) -> String {
        let (year, month, day) = year_month_day(self.epoch_s / DAY_S);
        let second_of_day = self.epoch_s % DAY_S;
        let (hour, minute, second) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
        format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}00")
    }
}

/// Converts days since 1970-01-01 to a calendar date. Only for 1970 to 2099, where every fourth year is a leap year.
fn year_month_day(mut day: u64) -> (u64, u64, u64) {
    let mut year = 1970;
    loop {
        let length = if year % 4 == 0 { 366 } else { 365 };
        if day < length {
            break;
        }
        day -= length;
        year += 1;
    }
    let february = if year % 4 == 0 { 29 } else { 28 };
    for (month, length) in (1..).zip([31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
        if day < length {
            return (year, month, day + 1);
        }
        day -= length;
    }
    (year, 12, 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(value: &str) -> Result<SourceDate, IsoError> {
        SourceDate::of(&Host {
            source_date_epoch: Some(value.into()),
            ..Host::default()
        })
    }

    #[test]
    fn writes_the_date_as_xorriso_wants_it() {
        assert_eq!(
            SourceDate::of(&Host::default()).unwrap().volume_date(),
            "2023111422132000"
        );
        assert_eq!(date("951782399").unwrap().volume_date(), "2000022823595900");
        assert_eq!(date("951782400").unwrap().volume_date(), "2000022900000000");
        assert_eq!(date("1735689599").unwrap().volume_date(), "2024123123595900");
        assert_eq!(date("4102444799").unwrap().volume_date(), "2099123123595900");
    }

    #[test]
    fn refuses_a_value_that_is_no_date() {
        for value in ["", "yesterday", "-1", "0", "4102444800", "99999999999999999999999"] {
            assert!(matches!(date(value), Err(IsoError::SourceDate { .. })), "{value:?}");
        }
    }
}
