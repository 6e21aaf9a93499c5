//! The frame buffer without its hardware: what the boot loader says about it is checked once, then drawn on safely.
//!
//! `FrameBufferClaims` is what the boot loader says. [`FrameBufferInfo::check`] turns it into a [`FrameBufferInfo`] or
//! into an error that names the wrong fact. [`FrameBufferEmbeddedGraphics`] draws through `embedded-graphics` on a slice
//! of pixels that the caller provides; the caller alone knows where the memory lies.
//!
//! What always holds: a `FrameBufferInfo` describes pixels of 32 bits with three non-overlapping colour masks, at most
//! [`MAX_SIDE_PIXELS`] a side; nothing is ever drawn outside the screen, and no pixel is ever read back.
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
