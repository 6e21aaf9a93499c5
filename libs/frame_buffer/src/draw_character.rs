//! Characters of one fixed size, each in a cell of its own with a black ground.
//!
//! The font is embedded-graphics' `FONT_10X20`. The drawing loops are compiled here, in a crate that is optimised in
//! every profile, and not where they are called.

use crate::FrameBufferEmbeddedGraphics;
use embedded_graphics::{
    mono_font::{MonoTextStyle, MonoTextStyleBuilder, ascii::FONT_10X20},
    pixelcolor::Rgb888,
    prelude::*,
    text::{Baseline, Text},
};

/// Width and height of a cell in pixels.
pub const CELL_SIZE: Size = FONT_10X20.character_size;

impl FrameBufferEmbeddedGraphics<'_> {
    /// Draws `character` in the cell whose upper left corner is at `corner`. Off the screen, draws nothing.
    pub fn draw_character(&mut self, character: char, corner: Point, color: Rgb888) {
        let mut utf8 = [0; 4];
        let text: &str = character.encode_utf8(&mut utf8);
        let Ok(_next_corner) = Text::with_baseline(text, corner, style(color), Baseline::Top).draw(self);
    }
}

/// The style of the log: `color` on black.
fn style(color: Rgb888) -> MonoTextStyle<'static, Rgb888> {
    MonoTextStyleBuilder::new()
        .font(&FONT_10X20)
        .text_color(color)
        .background_color(Rgb888::BLACK)
        .build()
}
