//! Validates the boot loader's description of a frame buffer, and draws on it.
//!
//! [`FrameBufferInfo::check`] turns the untrusted [`FrameBufferClaims`] into a [`FrameBufferInfo`], or into an error that
//! names the invalid field. [`FrameBufferEmbeddedGraphics`] draws through `embedded-graphics` on a slice of pixels that the
//! caller provides.
//!
//! A `FrameBufferInfo` describes pixels of 32 bits with three non-overlapping colour masks, at most
//! [`MAX_SIDE_PIXELS`] a side. Nothing is drawn outside the screen, and no pixel is read.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod draw_character;
mod frame_buffer_embedded_graphics;
mod frame_buffer_info;
mod rgb_pixel_info;

pub use draw_character::CELL_SIZE;
pub use frame_buffer_embedded_graphics::{BufferTooShort, FrameBufferEmbeddedGraphics};
pub use frame_buffer_info::{FrameBufferClaims, FrameBufferError, FrameBufferInfo, MAX_SIDE_PIXELS};
pub use rgb_pixel_info::{ColorChannel, ColorMask, RgbPixelInfo, RgbPixelInfoError};
