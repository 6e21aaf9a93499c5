//! A text console without its screen: rows and columns of coloured characters in memory.
//!
//! Text goes in by [`TextGrid::write`]; out come, by [`TextGrid::for_each_change`], only those cells whose content
//! differs from what is shown. How a cell is drawn is the caller's business, and the screen is never read.
//!
//! Words: what a cell should show is *wanted*, what was last handed to the caller is *shown*. Scrolling turns the wanted
//! rows like a ring instead of moving them.
//!
//! What always holds: every cell is drawable with an ASCII font or is the [`REPLACEMENT_BOX`]; the size never exceeds the
//! number of cells; after [`TextGrid::for_each_change`] shown and wanted are the same.
#![no_std]
#![forbid(unsafe_code)]

mod cell;
mod grapheme_kind;
mod text_grid;

pub use cell::{Cell, Color, REPLACEMENT_BOX};
pub use text_grid::{Position, TextGrid};
