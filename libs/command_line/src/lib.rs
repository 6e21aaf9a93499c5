//! The kernel's command line as typed options.
//!
//! A command line is words separated by ASCII white space, each `key` or `key=value`. A word or a value with spaces stands
//! in double quotes: `"key=some value"` or `key="some value"`. Nothing escapes a quote, and a quote that is never closed
//! lasts to the end of the text.
//!
//! What always holds: no text is an error. What is not understood is handed to the caller, who can say so, and the rest
//! still counts.
#![no_std]
#![forbid(unsafe_code)]

mod options;
mod words;

pub use log::LevelFilter;
pub use options::{AtTheEnd, LogColor, LogTime, OnPanic, Options, WordProblem};
pub use words::{Word, Words, words};
