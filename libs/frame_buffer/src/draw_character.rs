//! Characters of one fixed size, each in a cell of its own with a black ground.
//!
//! The font is embedded-graphics' `FONT_10X20`. The drawing loops are compiled here, in a crate that is optimised in
//! every profile, and not where they are called.

use crate::FrameBufferEmbeddedGraphics;
use embedded_graphics::{
    mono_font::{MonoTextStyle, MonoTextStyleBuilder, ascii::FONT_10X20},
    pixelcolor::Rgb888,
    prelude::*,
    primitives::{PrimitiveStyle, Rectangle},
    text::{Baseline, Text},
};

/// Width and height of a cell in pixels.
pub const CELL_SIZE: Size = FONT_10X20.character_size;

/// Where in its cell the box lies that stands for a character without a glyph.
const BOX_CORNER: Point = Point::new(1, 3);

/// How large that box is.
const BOX_SIZE: Size = Size::new(8, 13);

impl FrameBufferEmbeddedGraphics<'_> {
    /// Draws `character` in the cell whose upper left corner is at `corner`, or a box if the font does not have it. Off
    /// the screen, draws nothing.
    pub fn draw_character(&mut self, character: char, corner: Point, color: Rgb888) {
        let is_in_font = character == ' ' || character.is_ascii_graphic();
        if !is_in_font {
            return self.draw_box(corner, color);
        }
        let mut utf8 = [0; 4];
        let text: &str = character.encode_utf8(&mut utf8);
        let Ok(_next_corner) = Text::with_baseline(text, corner, style(color), Baseline::Top).draw(self);
    }

    /// Draws the outline of a box in a cell.
    fn draw_box(&mut self, corner: Point, color: Rgb888) {
        let Ok(()) = self.fill_solid(&Rectangle::new(corner, CELL_SIZE), Rgb888::BLACK);
        let outline = Rectangle::new(corner + BOX_CORNER, BOX_SIZE).into_styled(PrimitiveStyle::with_stroke(color, 1));
        let Ok(()) = outline.draw(self);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FrameBufferClaims, FrameBufferInfo};
    use std::{vec, vec::Vec};

    /// One cell, drawn over grey: the pixels that are white, and whether any is still grey.
    fn draw(character: char) -> (Vec<(usize, usize)>, bool) {
        let (width, height) = (CELL_SIZE.width as usize, CELL_SIZE.height as usize);
        let claims = FrameBufferClaims {
            width: width as u64,
            height: height as u64,
            pitch_bytes: width as u64 * 4,
            bits_per_pixel: 32,
            memory_model: 1,
            red_mask_size: 8,
            red_mask_shift: 16,
            green_mask_size: 8,
            green_mask_shift: 8,
            blue_mask_size: 8,
            blue_mask_shift: 0,
        };
        let mut pixels = vec![0x80_8080; width * height];
        let mut screen =
            FrameBufferEmbeddedGraphics::new(FrameBufferInfo::check(&claims).unwrap(), &mut pixels).unwrap();
        screen.draw_character(character, Point::zero(), Rgb888::WHITE);
        let is_white = |index: &usize| pixels[*index] == 0xff_ffff;
        let white = (0..pixels.len())
            .filter(is_white)
            .map(|index| (index % width, index / width))
            .collect();
        (white, pixels.contains(&0x80_8080))
    }

    #[test]
    fn a_character_covers_its_whole_cell() {
        for character in ['A', ' ', '~', '\u{fffd}'] {
            assert!(!draw(character).1, "{character:?}");
        }
    }

    #[test]
    fn a_character_without_a_glyph_is_a_box() {
        let (box_pixels, _) = draw('\u{fffd}');
        assert_eq!(box_pixels.len(), 2 * 8 + 2 * 11);
        assert_ne!(box_pixels, draw('?').0);
    }

    #[test]
    fn letters_look_different() {
        assert_ne!(draw('A').0, draw('B').0);
        assert!(draw(' ').0.is_empty());
    }
}
