//! Counters that tick at a fixed rate: how fast one ticks, how long so many ticks take, and how to compare two.
//!
//! A *tick* is one step of a counter. A [`TickRate`] turns ticks into nanoseconds and back, a [`WrappingCounter`] tells the time
//! between two readings of a counter that is narrow or runs backwards, a [`Bracket`] is a reading of one counter between two of
//! another, and [`LatestTime`] keeps the times of several counters from stepping back. Nothing here reads a counter.
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

mod bracket;
mod latest;
mod rate;
mod wrapping_counter;

pub use bracket::Bracket;
pub use latest::LatestTime;
pub use rate::TickRate;
pub use wrapping_counter::WrappingCounter;
