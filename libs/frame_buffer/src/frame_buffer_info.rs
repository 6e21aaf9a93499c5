//! The boot loader's description of the frame buffer, untrusted and validated.
//!
//! What always holds: a [`FrameBufferInfo`] has at least one pixel, no side longer than [`MAX_SIDE_PIXELS`], and rows
//! that hold at least its width.

use embedded_graphics::geometry::{Point, Size};
use thiserror::Error;

use crate::rgb_pixel_info::{ColorMask, RgbPixelInfo, RgbPixelInfoError};

/// Maximum length of a side, and of a row with its padding. With it, every coordinate fits an `i32`, and every size in
/// bytes a `u64`.
pub const MAX_SIDE_PIXELS: u32 = 32_768;

/// Memory model 1 of the Limine boot protocol and of Multiboot2: red, green and blue are given by masks.
const MEMORY_MODEL_RGB: u8 = 1;

/// The only supported pixel size.
const BITS_PER_PIXEL: u16 = 32;

const BYTES_PER_PIXEL: u64 = 4;

/// The boot loader's description of a frame buffer. Untrusted until [`FrameBufferInfo::check`] has validated it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameBufferClaims {
    /// Visible pixels of a row.
    pub width: u64,
    /// Number of rows.
    pub height: u64,
    /// Bytes from one row to the next.
    pub pitch_bytes: u64,
    /// Bits of a pixel.
    pub bits_per_pixel: u16,
    /// How colours are given; 1 means red, green and blue by masks.
    pub memory_model: u8,
    /// Bits of the red mask.
    pub red_mask_size: u8,
    /// Position of the lowest bit of the red mask.
    pub red_mask_shift: u8,
    /// Bits of the green mask.
    pub green_mask_size: u8,
    /// Position of the lowest bit of the green mask.
    pub green_mask_shift: u8,
    /// Bits of the blue mask.
    pub blue_mask_size: u8,
    /// Position of the lowest bit of the blue mask.
    pub blue_mask_shift: u8,
}

/// A frame buffer that can be drawn on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameBufferInfo {
    /// Visible pixels of a row.
    width: u32,
    height: u32,
    pixels_per_row: u32,
    rgb_pixel_info: RgbPixelInfo,
}

impl FrameBufferInfo {
    /// Validates the boot loader's description.
    pub fn check(claims: &FrameBufferClaims) -> Result<Self, FrameBufferError> {
        let memory_model = claims.memory_model;
        if memory_model != MEMORY_MODEL_RGB {
            return Err(FrameBufferError::NotRgb { memory_model });
        }
        let bits_per_pixel = claims.bits_per_pixel;
        if bits_per_pixel != BITS_PER_PIXEL {
            return Err(FrameBufferError::PixelSize { bits_per_pixel });
        }
        let mask = |size_bits, shift| ColorMask { size_bits, shift };
        let rgb_pixel_info = RgbPixelInfo::check(
            mask(claims.red_mask_size, claims.red_mask_shift),
            mask(claims.green_mask_size, claims.green_mask_shift),
            mask(claims.blue_mask_size, claims.blue_mask_shift),
        )?;
        let (width, height, pixels_per_row) = check_size(claims)?;
        Ok(Self {
            width,
            height,
            pixels_per_row,
            rgb_pixel_info,
        })
    }

    pub(crate) fn contains(&self, corner: Point, size: Size) -> bool {
        let fits = |start: i32, length: u32, screen_length: u32| {
            let end = u32::try_from(start).ok().and_then(|start| start.checked_add(length));
            end.is_some_and(|end| end <= screen_length)
        };
        fits(corner.x, size.width, self.width) && fits(corner.y, size.height, self.height)
    }

    /// Visible pixels of a row.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Number of rows.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Pixels from one row to the next; what exceeds the width is padding.
    #[must_use]
    pub fn pixels_per_row(&self) -> u32 {
        self.pixels_per_row
    }

    /// The layout of a pixel.
    #[must_use]
    pub fn rgb_pixel_info(&self) -> RgbPixelInfo {
        self.rgb_pixel_info
    }

    /// Number of pixels that the buffer must hold: all rows, the last one without its padding.
    #[must_use]
    pub fn len_pixels(&self) -> usize {
        // At most `MAX_SIDE_PIXELS` squared, which is 2^30.
        (self.pixels_per_row * (self.height - 1) + self.width) as usize
    }
}

fn check_size(claims: &FrameBufferClaims) -> Result<(u32, u32, u32), FrameBufferError> {
    let &FrameBufferClaims {
        width,
        height,
        pitch_bytes,
        ..
    } = claims;
    if width == 0 || height == 0 {
        return Err(FrameBufferError::EmptyScreen { width, height });
    }
    if !pitch_bytes.is_multiple_of(BYTES_PER_PIXEL) {
        return Err(FrameBufferError::PitchNotWholePixels { pitch_bytes });
    }
    let pixels_per_row = pitch_bytes / BYTES_PER_PIXEL;
    if pixels_per_row < width {
        return Err(FrameBufferError::RowsTooShort { width, pitch_bytes });
    }
    let supported = |pixels: u64| u32::try_from(pixels).ok().filter(|&pixels| pixels <= MAX_SIDE_PIXELS);
    match (supported(width), supported(height), supported(pixels_per_row)) {
        (Some(width), Some(height), Some(pixels_per_row)) => Ok((width, height, pixels_per_row)),
        _ => Err(FrameBufferError::TooLarge {
            width,
            height,
            pitch_bytes,
        }),
    }
}

/// Why a frame buffer cannot be drawn on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "each error's text says what the error and its fields mean")]
pub enum FrameBufferError {
    #[error("memory model {memory_model} is not RGB")]
    NotRgb { memory_model: u8 },
    #[error("{bits_per_pixel} bits per pixel instead of 32")]
    PixelSize { bits_per_pixel: u16 },
    #[error(transparent)]
    Masks(#[from] RgbPixelInfoError),
    #[error("a screen of {width} x {height} pixels is empty")]
    EmptyScreen { width: u64, height: u64 },
    #[error("rows of {pitch_bytes} bytes are not whole pixels of 4 bytes")]
    PitchNotWholePixels { pitch_bytes: u64 },
    #[error("rows of {pitch_bytes} bytes are too short for {width} pixels")]
    RowsTooShort { width: u64, pitch_bytes: u64 },
    #[error(
        "a screen of {width} x {height} pixels with rows of {pitch_bytes} bytes is larger than \
         {MAX_SIDE_PIXELS} pixels a side"
    )]
    TooLarge { width: u64, height: u64, pitch_bytes: u64 },
}
