//! Time from counters that tick at a fixed rate. Nothing here reads a counter.
//!
//! - [`TickRate`] converts ticks to nanoseconds and back.
//! - [`WrappingCounter`] measures the time between two readings of a narrow counter, or of one that counts down.
//! - [`Bracket`] is a reading of one counter between two readings of another.
//! - [`TickClock`] is the time by one counter, whose rate may be refined later without a jump.
//! - [`LatestTime`] keeps time from stepping back when processors read different counters.
//!
//! ```
//! use tick_rate::{TickRate, WrappingCounter};
//!
//! let power_management_timer = WrappingCounter::counting_up(24, 279_365_115).unwrap();
//! let elapsed_ns = power_management_timer.elapsed_ns(0xff_ff00, 0x00_0100);
//! assert_eq!(elapsed_ns, 143_034);
//! let processor = TickRate::from_measurement(429_102, elapsed_ns).unwrap();
//! assert_eq!(processor.hertz(), 3_000_000_000);
//! ```
#![no_std]
#![forbid(unsafe_code)]

mod clock;
mod counter;
mod rate;

pub use clock::{LatestTime, TickClock};
pub use counter::{Bracket, WrappingCounter};
pub use rate::{NS_PER_S, TickRate};
