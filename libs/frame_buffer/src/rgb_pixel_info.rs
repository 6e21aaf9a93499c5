//! The layout of red, green and blue in a pixel of 32 bits, and the conversion of a colour to a pixel.
//!
//! In a validated layout no mask is empty, each is inside the 32 bits, and no two share a bit.

use core::fmt;

use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use thiserror::Error;

/// The part of a pixel that holds one colour, as the boot loader describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColorMask {
    /// Number of bits of the mask.
    pub size_bits: u8,
    /// Position of its lowest bit.
    pub shift: u8,
}

impl ColorMask {
    /// The bits of the mask inside a pixel. Only for a validated mask.
    fn bits(self) -> u32 {
        (u32::MAX >> (u32::BITS - u32::from(self.size_bits))) << self.shift
    }

    /// Scales a value of 8 bits to the size of the mask and shifts it into place. Only for a validated mask.
    ///
    /// The value is repeated over 32 bits, of which the highest are taken: 0 stays 0 and 255 becomes all ones, whatever
    /// the size, without a division.
    fn place(self, value: u8) -> u32 {
        let repeated = u32::from_ne_bytes([value; 4]);
        (repeated >> (u32::BITS - u32::from(self.size_bits))) << self.shift
    }

    fn check(self, channel: ColorChannel) -> Result<(), RgbPixelInfoError> {
        let Self { size_bits, shift } = self;
        if size_bits == 0 {
            return Err(RgbPixelInfoError::EmptyMask { channel });
        }
        if u32::from(size_bits) + u32::from(shift) > u32::BITS {
            return Err(RgbPixelInfoError::MaskLeavesPixel { channel, mask: self });
        }
        Ok(())
    }
}

/// One of the three colours of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColorChannel {
    /// Red.
    Red,
    /// Green.
    Green,
    /// Blue.
    Blue,
}

impl fmt::Display for ColorChannel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Red => "red",
            Self::Green => "green",
            Self::Blue => "blue",
        })
    }
}

/// The validated layout of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RgbPixelInfo {
    red: ColorMask,
    green: ColorMask,
    blue: ColorMask,
}

impl RgbPixelInfo {
    /// Validates three masks: none is empty, none leaves the 32 bits, no two overlap.
    pub fn check(red: ColorMask, green: ColorMask, blue: ColorMask) -> Result<Self, RgbPixelInfoError> {
        red.check(ColorChannel::Red)?;
        green.check(ColorChannel::Green)?;
        blue.check(ColorChannel::Blue)?;
        let pairs = [
            (ColorChannel::Red, red, ColorChannel::Green, green),
            (ColorChannel::Red, red, ColorChannel::Blue, blue),
            (ColorChannel::Green, green, ColorChannel::Blue, blue),
        ];
        for (first, first_mask, second, second_mask) in pairs {
            if first_mask.bits() & second_mask.bits() != 0 {
                return Err(RgbPixelInfoError::MasksOverlap { first, second });
            }
        }
        Ok(Self { red, green, blue })
    }

    /// The pixel that shows this colour. Bits that belong to no mask are 0.
    #[must_use]
    pub fn build_pixel(&self, color: Rgb888) -> u32 {
        self.red.place(color.r()) | self.green.place(color.g()) | self.blue.place(color.b())
    }
}

/// Why three colour masks make no pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "each error's text says what the error and its fields mean")]
pub enum RgbPixelInfoError {
    #[error("the {channel} mask is empty")]
    EmptyMask { channel: ColorChannel },
    #[error(
        "the {channel} mask of {} bits at bit {} reaches beyond the 32 bits of a pixel",
        mask.size_bits, mask.shift
    )]
    MaskLeavesPixel { channel: ColorChannel, mask: ColorMask },
    #[error("the {first} and {second} masks overlap")]
    MasksOverlap { first: ColorChannel, second: ColorChannel },
}
