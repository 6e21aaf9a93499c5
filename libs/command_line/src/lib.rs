//! The kernel's command line as typed options.
//!
//! A command line consists of words separated by ASCII white space, each `key` or `key=value`. A word or a value with spaces is
//! in double quotes: `"key=some value"` or `key="some value"`. A quote cannot be escaped, and one that is not closed ends with
//! the text.
//!
//! What always holds: every text is accepted. Words that set no option are passed to the caller; the other words still count.
#![no_std]
#![forbid(unsafe_code)]

mod options;
mod words;

pub use log::LevelFilter;
pub use options::{AtTheEnd, LogColor, LogTime, OnPanic, Options, WordProblem};
pub use words::{Word, Words, words};
