//! A text console without its screen: rows and columns of coloured characters in memory.
//!
//! [`TextGrid::write`] adds text. [`TextGrid::for_each_change`] passes the cells that changed to the caller, who draws them. The
//! screen is never read.
//!
//! A cell's *wanted* content is what it should show, its *shown* content what was last passed to the caller. The wanted rows
//! are a ring buffer, so scrolling moves no cells.
//!
//! Every cell has a character of an ASCII font or is the [`REPLACEMENT_BOX`]. After [`TextGrid::for_each_change`] shown and
//! wanted content are equal.
#![no_std]
#![forbid(unsafe_code)]

mod cell;
mod grapheme_kind;
mod text_grid;

pub use cell::{Cell, Color, REPLACEMENT_BOX};
pub use text_grid::{Position, TextGrid};
