//! Draws characters in cells of one size, on a black background.
//!
//! The font is embedded-graphics' `FONT_10X20`, unpacked once into rows of bits: drawing from those takes a tenth of the
//! instructions that drawing the font's image takes. The loops are in this crate because it is optimised in every profile.

use crate::FrameBufferEmbeddedGraphics;
use core::convert::Infallible;
use embedded_graphics::{
    mono_font::{MonoTextStyle, ascii::FONT_10X20},
    pixelcolor::{BinaryColor, Rgb888},
    prelude::*,
    primitives::{PrimitiveStyle, Rectangle},
    text::{Baseline, Text},
};

/// Width and height of a cell in pixels.
pub const CELL_SIZE: Size = FONT_10X20.character_size;

const BOX_CORNER: Point = Point::new(1, 3);
const BOX_SIZE: Size = Size::new(8, 13);
const CELL_COLUMNS: usize = CELL_SIZE.width as usize;
const CELL_ROWS: usize = CELL_SIZE.height as usize;
const FIRST_CHARACTER: char = ' ';
const GLYPHS: usize = '~' as usize - FIRST_CHARACTER as usize + 1;

/// The pixels of every character, and of the box for all others: bit n of a row is its pixel n from the left.
pub(crate) struct Glyphs([[u16; CELL_ROWS]; GLYPHS + 1]);

/// One cell as a drawing target for the font's image.
struct Cell<'a>(&'a mut [u16; CELL_ROWS]);

impl Glyphs {
    pub(crate) fn new() -> Self {
        let mut glyphs = [[0; CELL_ROWS]; GLYPHS + 1];
        let style = MonoTextStyle::new(&FONT_10X20, BinaryColor::On);
        for (character, rows) in (FIRST_CHARACTER..='~').zip(&mut glyphs) {
            let mut utf8 = [0; 4];
            let text: &str = character.encode_utf8(&mut utf8);
            let Ok(_next) = Text::with_baseline(text, Point::zero(), style, Baseline::Top).draw(&mut Cell(rows));
        }
        let [.., no_glyph] = &mut glyphs;
        let outline = Rectangle::new(BOX_CORNER, BOX_SIZE).into_styled(PrimitiveStyle::with_stroke(BinaryColor::On, 1));
        let Ok(()) = outline.draw(&mut Cell(no_glyph));
        Self(glyphs)
    }

    /// The rows of a character, or of the box.
    fn rows(&self, character: char) -> &[u16; CELL_ROWS] {
        let [.., no_glyph] = &self.0;
        let index = (character as usize).checked_sub(FIRST_CHARACTER as usize);
        index.and_then(|index| self.0[..GLYPHS].get(index)).unwrap_or(no_glyph)
    }
}

impl FrameBufferEmbeddedGraphics<'_> {
    /// Draws `character` in the cell whose upper left corner is at `corner`, or a box if the font does not have it. A cell
    /// that is not wholly on the screen is not drawn.
    pub fn draw_character(&mut self, character: char, corner: Point, color: Rgb888) {
        let pixel_info = self.info().rgb_pixel_info();
        let background = pixel_info.build_pixel(Rgb888::BLACK);
        let foreground = pixel_info.build_pixel(color);
        // Two pixels are one store. Indexed by their two bits.
        let pairs = [
            [background, background],
            [foreground, background],
            [background, foreground],
            [foreground, foreground],
        ];
        let (glyphs, rows) = self.glyphs_and_area(corner, CELL_SIZE);
        for (bits, row) in glyphs.rows(character).iter().zip(rows) {
            let Some(pixels) = row.first_chunk_mut::<CELL_COLUMNS>() else {
                return;
            };
            let (row_pairs, _) = pixels.as_chunks_mut::<2>();
            // Half of all rows are blank: those of the space, and those above and below the letters.
            if *bits == 0 {
                row_pairs.fill(pairs[0]);
                continue;
            }
            for (index, pair) in row_pairs.iter_mut().enumerate() {
                *pair = pairs[usize::from(bits >> (2 * index) & 0b11)];
            }
        }
    }
}

impl OriginDimensions for Cell<'_> {
    fn size(&self) -> Size {
        CELL_SIZE
    }
}

impl DrawTarget for Cell<'_> {
    type Color = BinaryColor;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<BinaryColor>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(point, color) in pixels {
            let row = usize::try_from(point.y).ok().and_then(|row| self.0.get_mut(row));
            if let (Some(row), Ok(0..10)) = (row, u32::try_from(point.x)) {
                let bit = 1 << point.x;
                *row = if color.is_on() { *row | bit } else { *row & !bit };
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FrameBufferClaims, FrameBufferInfo};
    use std::{vec, vec::Vec};

    fn claims() -> FrameBufferClaims {
        FrameBufferClaims {
            width: u64::from(CELL_SIZE.width),
            height: u64::from(CELL_SIZE.height),
            pitch_bytes: u64::from(CELL_SIZE.width) * 4,
            bits_per_pixel: 32,
            memory_model: 1,
            red_mask_size: 8,
            red_mask_shift: 16,
            green_mask_size: 8,
            green_mask_shift: 8,
            blue_mask_size: 8,
            blue_mask_shift: 0,
        }
    }

    /// One cell, drawn over grey: the pixels that are white, and whether any is still grey.
    fn draw(character: char) -> (Vec<(usize, usize)>, bool) {
        let (width, height) = (CELL_SIZE.width as usize, CELL_SIZE.height as usize);
        let claims = claims();
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

    #[test]
    fn every_character_looks_as_the_font_has_it() {
        let style = MonoTextStyle::new(&FONT_10X20, BinaryColor::On);
        for character in ' '..='~' {
            let mut expected = [0; CELL_ROWS];
            let text = std::string::String::from(character);
            let Ok(_) = Text::with_baseline(&text, Point::zero(), style, Baseline::Top).draw(&mut Cell(&mut expected));
            let is_set = |x: usize, y: usize| expected[y] >> x & 1 == 1;
            let (white, _) = draw(character);
            let all = (0..CELL_ROWS).flat_map(|y| (0..10).map(move |x| (x, y)));
            let expected: Vec<_> = all.filter(|(x, y)| is_set(*x, *y)).collect();
            assert_eq!(white, expected, "{character:?}");
        }
    }

    #[test]
    fn a_cell_off_the_screen_is_not_drawn() {
        let mut pixels = vec![7; 30 * 40];
        let claims = FrameBufferClaims {
            width: 30,
            height: 40,
            pitch_bytes: 120,
            ..claims()
        };
        let info = FrameBufferInfo::check(&claims).unwrap();
        for corner in [
            (21, 0),
            (0, 21),
            (-1, 0),
            (0, -1),
            (i32::MAX, 0),
            (0, i32::MAX),
            (i32::MIN, i32::MIN),
        ] {
            let mut screen = FrameBufferEmbeddedGraphics::new(info, &mut pixels).unwrap();
            screen.draw_character('A', Point::from(corner), Rgb888::WHITE);
            assert!(pixels.iter().all(|pixel| *pixel == 7), "{corner:?}");
        }
    }
}
