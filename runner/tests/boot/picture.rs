//! Pictures of the screen, and the expected picture of a log.

use std::convert::Infallible;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use embedded_graphics::mono_font::MonoTextStyleBuilder;
use embedded_graphics::mono_font::ascii::FONT_10X20;
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::{DrawTarget, Drawable, OriginDimensions, Pixel, Point, RgbColor, Size};
use embedded_graphics::text::{Baseline, Text};
use libtest_mimic::Failed;

use crate::log_lines::LogLine;

/// Size of a character in pixels.
const CELL: Size = FONT_10X20.character_size;

/// Red, green and blue of every pixel.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    /// Width in pixels.
    width: u32,
    /// Pixels, row by row.
    pixels: Vec<Rgb888>,
}

impl Picture {
    /// Reads a PNG file.
    pub(crate) fn read(file: &Path) -> Result<Self, Failed> {
        let mut decoder = png::Decoder::new(BufReader::new(File::open(file)?));
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info()?;
        let size = reader.output_buffer_size().ok_or("the PNG file is too large")?;
        let mut bytes = vec![0; size];
        let frame = reader.next_frame(&mut bytes)?;
        let samples = frame.color_type.samples();
        if samples < 3 {
            return Err(format!("the PNG file has no colours: {:?}", frame.color_type).into());
        }
        let pixels = bytes[..frame.buffer_size()].chunks_exact(samples);
        Ok(Self {
            width: frame.width,
            pixels: pixels.map(|pixel| Rgb888::new(pixel[0], pixel[1], pixel[2])).collect(),
        })
    }

    /// Makes a black picture of the same size.
    fn black_like(other: &Self) -> Self {
        Self {
            width: other.width,
            pixels: vec![Rgb888::BLACK; other.pixels.len()],
        }
    }

    /// Returns the share of a colour in the picture, from 0 to 1.
    pub(crate) fn share_of(&self, color: Rgb888) -> f64 {
        let count = self.pixels.iter().filter(|pixel| **pixel == color).count();
        count as f64 / self.pixels.len().max(1) as f64
    }

    /// Finds the first difference of two pictures of one size, as row and column of a character.
    pub(crate) fn first_difference(&self, other: &Self) -> Option<(u32, u32)> {
        let pairs = self.pixels.iter().zip(&other.pixels);
        let index = pairs.enumerate().find(|(_, (left, right))| left != right)?.0;
        let (x, y) = (index % self.width as usize, index / self.width as usize);
        Some((
            u32::try_from(y).ok()? / CELL.height,
            u32::try_from(x).ok()? / CELL.width,
        ))
    }

    /// Returns whether the line appears on some row of the screen, pixel for pixel; long lines are wrapped.
    pub(crate) fn shows(&self, line: &LogLine) -> bool {
        let columns = (self.width / CELL.width) as usize;
        let cells: Vec<_> = cells_of(line).collect();
        let mut expected = Self::black_like(self);
        let mut height = 0;
        for (row, cells) in cells.chunks(columns.max(1)).enumerate() {
            for (column, (character, color)) in cells.iter().enumerate() {
                expected.draw_character(*character, column, row, *color);
            }
            height += CELL.height as usize * self.width as usize;
        }
        let row_pixels = CELL.height as usize * self.width as usize;
        let expected = &expected.pixels[..height.min(expected.pixels.len())];
        let mut starts = (0..self.pixels.len()).step_by(row_pixels.max(1));
        starts.any(|start| self.pixels[start..].starts_with(expected))
    }

    /// Draws the expected screen of a log: the last lines that fit, long ones wrapped, on black.
    pub(crate) fn of_log(&self, lines: &[LogLine]) -> Self {
        let columns = (self.width / CELL.width) as usize;
        // QEMU's pictures of a Cirrus adapter's screen lack the last line of pixels.
        let rows = (self.pixels.len() / self.width.max(1) as usize + 1) / CELL.height as usize;
        let mut grid: Vec<Vec<(char, Rgb888)>> = Vec::new();
        for line in lines {
            let cells: Vec<_> = cells_of(line).collect();
            grid.extend(cells.chunks(columns).map(<[_]>::to_vec));
        }
        // The cursor waits on the row below the last line.
        let first = (grid.len() + 1).saturating_sub(rows);
        let mut picture = Self::black_like(self);
        for (row, cells) in grid[first..].iter().enumerate() {
            for (column, (character, color)) in cells.iter().enumerate() {
                picture.draw_character(*character, column, row, *color);
            }
        }
        picture
    }

    /// Draws a character in its cell.
    fn draw_character(&mut self, character: char, column: usize, row: usize, color: Rgb888) {
        let cell = |index: usize| u32::try_from(index).expect("a screen has few cells");
        let corner = Point::zero() + Size::new(cell(column) * CELL.width, cell(row) * CELL.height);
        let style = MonoTextStyleBuilder::new().font(&FONT_10X20).text_color(color).build();
        let text = character.to_string();
        let Ok(_next) = Text::with_baseline(&text, corner, style, Baseline::Top).draw(self);
    }
}

/// Returns the characters of a line with their colours.
fn cells_of(line: &LogLine) -> impl Iterator<Item = (char, Rgb888)> {
    let parts = [
        (format!("[{}] ", line.cpu), Rgb888::new(128, 128, 128)),
        (format!("{:<5} ", line.level), color_of(&line.level)),
        (line.message.clone(), Rgb888::WHITE),
    ];
    parts.into_iter().flat_map(|(text, color)| {
        text.chars()
            .map(move |character| (character, color))
            .collect::<Vec<_>>()
    })
}

/// Returns the colour of a level.
fn color_of(level: &str) -> Rgb888 {
    match level {
        "ERROR" => Rgb888::new(255, 85, 85),
        "WARN" => Rgb888::new(255, 255, 85),
        "INFO" => Rgb888::new(85, 85, 255),
        "DEBUG" => Rgb888::new(85, 255, 255),
        _ => Rgb888::new(255, 85, 255),
    }
}

impl OriginDimensions for Picture {
    fn size(&self) -> Size {
        let height = self.pixels.len() / self.width.max(1) as usize;
        Size::new(self.width, u32::try_from(height).unwrap_or(u32::MAX))
    }
}

impl DrawTarget for Picture {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(point, color) in pixels {
            let (Ok(x), Ok(y)) = (usize::try_from(point.x), usize::try_from(point.y)) else {
                continue;
            };
            if let Some(pixel) = self.pixels.get_mut(y * self.width as usize + x) {
                *pixel = color;
            }
        }
        Ok(())
    }
}
