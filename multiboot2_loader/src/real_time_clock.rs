//! Reads the PC's real-time clock (MC146818, in the CMOS memory).
//!
//! The clock changes its registers once a second. So they are read while no update is in progress, until two readings agree.

use multiboot2_loader_core::date::{self, CmosFields};

use crate::ports::{self, CLOCK_DATA, CLOCK_INDEX};

/// Status register A.
const STATUS_A: u8 = 0xa;
/// Status register B.
const STATUS_B: u8 = 0xb;
/// Status register A: an update is in progress.
const UPDATE_IN_PROGRESS: u8 = 1 << 7;
/// An update takes 2 milliseconds, a reading of the status about 2 microseconds.
const UPDATE_POLLS: u32 = 20_000;
/// Maximum number of readings.
const ATTEMPTS: u32 = 5;
/// The CMOS memory has 128 bytes; the top bit of its index disables NMIs.
const LAST_REGISTER: u8 = 0x7f;

/// Returns the time of day in seconds since 1970; `None` without a clock or a valid date.
pub(crate) fn unix_seconds(century_register: Option<u8>) -> Option<i64> {
    let century_register = century_register.filter(|register| *register <= LAST_REGISTER);
    let mut last = read(century_register);
    for _ in 0..ATTEMPTS {
        let now = read(century_register);
        if now == last {
            return date::unix_seconds(&now);
        }
        last = now;
    }
    None
}

/// Reads all registers once.
fn read(century_register: Option<u8>) -> CmosFields {
    let mut polls = UPDATE_POLLS;
    while register(STATUS_A) & UPDATE_IN_PROGRESS != 0 && polls > 0 {
        polls -= 1;
    }
    CmosFields {
        second: register(0),
        minute: register(2),
        hour: register(4),
        day: register(7),
        month: register(8),
        year: register(9),
        century: century_register.map(register),
        status_b: register(STATUS_B),
    }
}

/// Reads one register.
fn register(index: u8) -> u8 {
    ports::write(CLOCK_INDEX, index);
    ports::read(CLOCK_DATA)
}
