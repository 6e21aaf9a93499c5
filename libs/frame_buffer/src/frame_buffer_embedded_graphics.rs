//! Drawing on a frame buffer through `embedded-graphics`.
//!
//! Drawing is clipped to the screen, for any coordinates. The padding after a row is never written. No pixel is read, because
//! reading video memory is slow.

use core::{convert::Infallible, ops::Range};

use embedded_graphics::{
    Pixel,
    draw_target::DrawTarget,
    geometry::{OriginDimensions, Point, Size},
    pixelcolor::{Rgb888, RgbColor},
    primitives::Rectangle,
};
use thiserror::Error;

use crate::{draw_character::Glyphs, frame_buffer_info::FrameBufferInfo};

/// A validated frame buffer and its pixels.
pub struct FrameBufferEmbeddedGraphics<'a> {
    info: FrameBufferInfo,
    /// The pixels, exactly `info.len_pixels()` of them.
    pixels: &'a mut [u32],
    glyphs: Glyphs,
}

impl<'a> FrameBufferEmbeddedGraphics<'a> {
    /// Draws on `pixels`, of which the first `info.len_pixels()` are used.
    pub fn new(info: FrameBufferInfo, pixels: &'a mut [u32]) -> Result<Self, BufferTooShort> {
        let given_pixels = pixels.len();
        let needed_pixels = info.len_pixels();
        let pixels = pixels.get_mut(..needed_pixels).ok_or(BufferTooShort {
            needed_pixels,
            given_pixels,
        })?;
        let glyphs = Glyphs::new();
        Ok(Self { info, pixels, glyphs })
    }

    /// Size and pixel layout of the screen.
    #[must_use]
    pub fn info(&self) -> FrameBufferInfo {
        self.info
    }

    /// The visible pixels of `rows`, which must be on the screen.
    pub(crate) fn rows_mut(&mut self, rows: Range<u32>) -> impl Iterator<Item = &mut [u32]> {
        let row_length = self.info.pixels_per_row() as usize;
        let width = self.info.width() as usize;
        self.pixels
            .chunks_mut(row_length)
            .skip(rows.start as usize)
            .take(rows.len())
            .filter_map(move |row| row.get_mut(..width))
    }

    /// The glyphs, and the rows of an area, each from the area's left edge on; no rows if the area is not wholly on the screen.
    pub(crate) fn glyphs_and_area(&mut self, corner: Point, size: Size) -> (&Glyphs, impl Iterator<Item = &mut [u32]>) {
        let row_length = self.info.pixels_per_row() as usize;
        let start = self.info.contains(corner, size).then(|| {
            // On the screen neither is negative.
            corner.y.unsigned_abs() as usize * row_length + corner.x.unsigned_abs() as usize
        });
        let pixels = start.and_then(|start| self.pixels.get_mut(start..)).unwrap_or_default();
        (&self.glyphs, pixels.chunks_mut(row_length))
    }

    /// Sets one pixel, if it is on the screen.
    fn set_pixel(&mut self, x: i32, y: i32, color: Rgb888) {
        let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else {
            return;
        };
        if x >= self.info.width() {
            return;
        }
        // No such index below the last row.
        let index = y as usize * self.info.pixels_per_row() as usize + x as usize;
        if let Some(slot) = self.pixels.get_mut(index) {
            *slot = self.info.rgb_pixel_info().build_pixel(color);
        }
    }
}

impl OriginDimensions for FrameBufferEmbeddedGraphics<'_> {
    fn size(&self) -> Size {
        Size::new(self.info.width(), self.info.height())
    }
}

impl DrawTarget for FrameBufferEmbeddedGraphics<'_> {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Infallible>
    where
        I: IntoIterator<Item = Pixel<Rgb888>>,
    {
        for Pixel(point, color) in pixels {
            self.set_pixel(point.x, point.y, color);
        }
        Ok(())
    }

    fn fill_contiguous<I>(&mut self, area: &Rectangle, colors: I) -> Result<(), Infallible>
    where
        I: IntoIterator<Item = Rgb888>,
    {
        let columns = ClippedSpan::new(area.top_left.x, area.size.width, self.info.width());
        let rows = ClippedSpan::new(area.top_left.y, area.size.height, self.info.height());
        if columns.seen.is_empty() || rows.seen.is_empty() {
            return Ok(());
        }
        let rgb_pixel_info = self.info.rgb_pixel_info();
        let mut colors = colors.into_iter().fuse();
        // Neighbours often share their colour, above all in text: keeping the last pixel saves a quarter of the
        // instructions of drawing text.
        let mut last_color = Rgb888::BLACK;
        let mut last_pixel = rgb_pixel_info.build_pixel(last_color);
        skip(&mut colors, u64::from(rows.hidden_before) * u64::from(area.size.width));
        for row in self.rows_mut(rows.seen) {
            skip(&mut colors, u64::from(columns.hidden_before));
            for (slot, color) in row[columns.seen_indexes()].iter_mut().zip(&mut colors) {
                if color != last_color {
                    last_color = color;
                    last_pixel = rgb_pixel_info.build_pixel(color);
                }
                *slot = last_pixel;
            }
            skip(&mut colors, u64::from(columns.hidden_after));
        }
        Ok(())
    }

    fn fill_solid(&mut self, area: &Rectangle, color: Rgb888) -> Result<(), Infallible> {
        let columns = ClippedSpan::new(area.top_left.x, area.size.width, self.info.width());
        let rows = ClippedSpan::new(area.top_left.y, area.size.height, self.info.height());
        let pixel = self.info.rgb_pixel_info().build_pixel(color);
        for row in self.rows_mut(rows.seen) {
            row[columns.seen_indexes()].fill(pixel);
        }
        Ok(())
    }

    fn clear(&mut self, color: Rgb888) -> Result<(), Infallible> {
        let pixel = self.info.rgb_pixel_info().build_pixel(color);
        for row in self.rows_mut(0..self.info.height()) {
            row.fill(pixel);
        }
        Ok(())
    }
}

/// One dimension of an area, clipped to the screen.
struct ClippedSpan {
    hidden_before: u32,
    seen: Range<u32>,
    hidden_after: u32,
}

impl ClippedSpan {
    fn new(start: i32, length: u32, screen_length: u32) -> Self {
        let hidden_before = if start < 0 { start.unsigned_abs().min(length) } else { 0 };
        let seen_start = start.max(0).unsigned_abs().min(screen_length);
        let after_hidden = length - hidden_before;
        let seen_length = after_hidden.min(screen_length - seen_start);
        Self {
            hidden_before,
            seen: seen_start..seen_start + seen_length,
            hidden_after: after_hidden - seen_length,
        }
    }

    fn seen_indexes(&self) -> Range<usize> {
        self.seen.start as usize..self.seen.end as usize
    }
}

fn skip(colors: &mut impl Iterator<Item = Rgb888>, count: u64) {
    if let Some(last) = count.checked_sub(1) {
        colors.nth(usize::try_from(last).unwrap_or(usize::MAX));
    }
}

/// The memory of a frame buffer is too short for its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{given_pixels} pixels of memory for a frame buffer of {needed_pixels}")]
pub struct BufferTooShort {
    /// Pixels of the frame buffer.
    pub needed_pixels: usize,
    /// Pixels that fit into the memory.
    pub given_pixels: usize,
}
