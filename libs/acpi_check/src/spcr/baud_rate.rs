//! Reads the console's baud rate and input clock.

use super::error::SpcrError;
use crate::bytes::{u8_at, u32_at};

/// Offset of the table's revision.
const REVISION: usize = 8;
/// Offset of the code for the baud rate.
const BAUD_RATE_CODE: usize = 58;
/// Offset of the clock.
const CLOCK: usize = 76;
/// The first revision with an input clock.
const REVISION_WITH_CLOCK: u8 = 3;
/// Offset of the precise baud rate, past the end of older tables.
const PRECISE_BAUD_RATE: usize = 80;
/// The clock is at least this multiple of the baud rate.
const CLOCKS_PER_BIT: u32 = 16;
/// Lower bound for a plausible rate, that of teleprinters.
const SLOWEST: u32 = 50;
/// Upper bound for a plausible rate.
const FASTEST: u32 = 4_000_000;

/// The input clock in Hz, if the table has it.
pub(super) fn clock_hz(table: &[u8]) -> Option<u32> {
    let revision = u8_at(table, REVISION)?;
    u32_at(table, CLOCK).filter(|clock_hz| revision >= REVISION_WITH_CLOCK && *clock_hz != 0)
}

/// The baud rate; `None` to keep the current one.
pub(super) fn baud_rate(table: &[u8], clock_hz: Option<u32>) -> Result<Option<u32>, SpcrError> {
    let precise = u32_at(table, PRECISE_BAUD_RATE).filter(|baud_rate| *baud_rate != 0);
    let baud_rate = match (precise, u8_at(table, BAUD_RATE_CODE).unwrap_or(0)) {
        (Some(baud_rate), _) => baud_rate,
        (None, 0) => return Ok(None),
        (None, 3) => 9_600,
        (None, 4) => 19_200,
        (None, 6) => 57_600,
        (None, 7) => 115_200,
        (None, code) => return Err(SpcrError::BaudRateCode { code }),
    };
    if !(SLOWEST..=FASTEST).contains(&baud_rate) {
        return Err(SpcrError::BaudRate { baud_rate });
    }
    match clock_hz {
        Some(clock_hz) if clock_hz / CLOCKS_PER_BIT < baud_rate => Err(SpcrError::Clock { baud_rate, clock_hz }),
        _ => Ok(Some(baud_rate)),
    }
}
