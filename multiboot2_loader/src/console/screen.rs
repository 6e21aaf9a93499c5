//! White text on red in the upper left corner of a graphics screen.

use core::convert::Infallible;
use core::fmt::{self, Write};

use embedded_graphics::mono_font::{MonoFont, MonoTextStyle, MonoTextStyleBuilder, ascii::FONT_10X20};
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::{DrawTarget, Drawable, OriginDimensions, Pixel, Point, RgbColor, Size};
use embedded_graphics::text::{Baseline, Text};
use multiboot2_loader_core::frame_buffer::FrameBuffer;

use super::screen_window;

/// The font.
const FONT: &MonoFont<'_> = &FONT_10X20;

/// A screen with a cursor.
pub(super) struct Screen<'a> {
    /// Its layout.
    frame_buffer: &'a FrameBuffer,
    /// Its first byte.
    pixels: *mut u8,
    /// Position of the next character.
    next: Point,
}

impl<'a> Screen<'a> {
    /// Creates a screen with the cursor in its corner. Returns `None` if it cannot be mapped.
    pub(super) fn new(frame_buffer: &'a FrameBuffer) -> Option<Self> {
        let pixels = screen_window::show(frame_buffer.extent())?;
        Some(Self {
            frame_buffer,
            pixels,
            next: Point::zero(),
        })
    }

    /// Moves to the start of the next line.
    fn break_line(&mut self) {
        self.next = Point::new(0, self.next.y + font_size().y);
    }

    /// Returns the bytes of a pixel, the lowest first.
    fn encode(&self, color: Rgb888) -> [u8; 4] {
        let FrameBuffer { red, green, blue, .. } = self.frame_buffer;
        let [red, green, blue] = [(color.r(), red), (color.g(), green), (color.b(), blue)]
            // Every shift of a validated frame buffer is below 32.
            .map(|(value, field)| u32::from(value).wrapping_shl(u32::from(field.shift)));
        (red | green | blue).to_le_bytes()
    }
}

/// The size of a character.
fn font_size() -> Point {
    Point::zero() + FONT.character_size
}

impl Write for Screen<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let style: MonoTextStyle<'_, Rgb888> = MonoTextStyleBuilder::new()
            .font(FONT)
            .text_color(Rgb888::WHITE)
            .background_color(Rgb888::RED)
            .build();
        for character in text.chars() {
            if character == '\n' {
                self.break_line();
                continue;
            }
            if self.next.x + font_size().x > Point::zero().x.saturating_add_unsigned(self.size().width) {
                self.break_line();
            }
            let mut bytes = [0; 4];
            let glyph = Text::with_baseline(character.encode_utf8(&mut bytes), self.next, style, Baseline::Top);
            self.next = match glyph.draw(self) {
                Ok(behind) => behind,
                Err(never) => match never {},
            };
        }
        Ok(())
    }
}

impl OriginDimensions for Screen<'_> {
    fn size(&self) -> Size {
        Size::new(self.frame_buffer.width, self.frame_buffer.height)
    }
}

impl DrawTarget for Screen<'_> {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Self::Error>
    where
        I: IntoIterator<Item = Pixel<Self::Color>>,
    {
        let bytes_per_pixel = usize::from(self.frame_buffer.bits_per_pixel / 8);
        let pitch_bytes = self.frame_buffer.pitch_bytes as usize;
        for Pixel(Point { x, y }, color) in pixels {
            let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else {
                continue;
            };
            if x >= self.frame_buffer.width || y >= self.frame_buffer.height {
                continue;
            }
            let first = self
                .pixels
                .wrapping_add(y as usize * pitch_bytes + x as usize * bytes_per_pixel);
            for (index, byte) in self.encode(color).into_iter().take(bytes_per_pixel).enumerate() {
                // SAFETY: The pixel is inside the screen, whose memory is mapped and holds nothing but pixels.
                unsafe { first.wrapping_add(index).write_volatile(byte) };
            }
        }
        Ok(())
    }
}
