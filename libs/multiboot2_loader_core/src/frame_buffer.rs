//! Validates the frame buffer that GRUB reports.
//!
//! GRUB reports what the firmware provides. A kernel cannot draw on every frame buffer, and one case is dangerous: GRUB reports a graphics
//! card without linear memory at address 0, where drawing would overwrite low memory.

use crate::address::{DIRECT_MAP_LIMIT, Extent, PhysAddr};
use crate::bytes::{array_at, u32_at, u64_at};

/// Multiboot2's number for direct RGB colour.
const TYPE_RGB: u8 = 1;

/// The frame buffer as GRUB reports it (tag 8), unchecked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameBufferTag {
    /// First byte of the first line.
    pub address: u64,
    /// Distance in bytes between two lines.
    pub pitch_bytes: u32,
    /// Pixels in a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// Bits per pixel.
    pub bits_per_pixel: u8,
    /// 0 indexed colour, 1 RGB, 2 text.
    pub colour_type: u8,
    /// Red, green and blue, if the colour type is RGB.
    pub colours: Option<[ColourField; 3]>,
}

/// Position of one colour in a pixel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ColourField {
    /// Its lowest bit.
    pub shift: u8,
    /// Number of bits.
    pub size_bits: u8,
}

/// A validated frame buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameBuffer {
    /// First byte of the first line.
    pub address: PhysAddr,
    /// Distance in bytes between two lines.
    pub pitch_bytes: u32,
    /// Pixels in a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// Bits per pixel: 24 or 32.
    pub bits_per_pixel: u8,
    /// Position of red.
    pub red: ColourField,
    /// Position of green.
    pub green: ColourField,
    /// Position of blue.
    pub blue: ColourField,
}

/// The reason why the frame buffer is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameBufferRefusal {
    /// Not direct RGB colour: text or indexed.
    #[error("frame buffer refused: colour type {colour_type} is not RGB")]
    NotRgb {
        /// Multiboot2's number.
        colour_type: u8,
    },
    /// Address 0: the card has no linear memory.
    #[error("frame buffer refused: it has no linear memory (address 0)")]
    NoLinearMemory,
    /// The protocol does not support this pixel size.
    #[error("frame buffer refused: {bits_per_pixel} bits per pixel")]
    BitsPerPixel {
        /// The size.
        bits_per_pixel: u8,
    },
    /// There are no pixels.
    #[error("frame buffer refused: {width}x{height} pixels")]
    NoPixels {
        /// Pixels in a line.
        width: u32,
        /// Lines.
        height: u32,
    },
    /// The lines overlap.
    #[error("frame buffer refused: {pitch_bytes} bytes per line are too few for {width} pixels")]
    PitchTooSmall {
        /// Distance in bytes between two lines.
        pitch_bytes: u32,
        /// Pixels in a line.
        width: u32,
    },
    /// It extends beyond the direct map.
    #[error("frame buffer refused: {extent} is beyond the direct map")]
    OutOfReach {
        /// Its address.
        extent: Extent,
    },
    /// A colour that is not 8 bits wide, lies outside the pixel, or overlaps another.
    #[error("frame buffer refused: colour field of {} bits at bit {}", field.size_bits, field.shift)]
    ColourField {
        /// The field.
        field: ColourField,
    },
}

impl FrameBufferTag {
    /// Reads the body of tag 8. Returns `None` if it is too short.
    pub(crate) fn parse(body: &[u8]) -> Option<Self> {
        let [bits_per_pixel, colour_type] = array_at(body, 20)?;
        let colours = match colour_type {
            TYPE_RGB => {
                let [red, red_size, green, green_size, blue, blue_size] = array_at(body, 24)?;
                Some(
                    [(red, red_size), (green, green_size), (blue, blue_size)]
                        .map(|(shift, size_bits)| ColourField { shift, size_bits }),
                )
            }
            _ => None,
        };
        Some(Self {
            address: u64_at(body, 0)?,
            pitch_bytes: u32_at(body, 8)?,
            width: u32_at(body, 12)?,
            height: u32_at(body, 16)?,
            bits_per_pixel,
            colour_type,
            colours,
        })
    }
}

/// Validates a frame buffer.
///
/// # Errors
/// [`FrameBufferRefusal`]: the first rule that it breaks.
pub fn accept(tag: &FrameBufferTag) -> Result<FrameBuffer, FrameBufferRefusal> {
    let &FrameBufferTag {
        address,
        pitch_bytes,
        width,
        height,
        bits_per_pixel,
        colour_type,
        colours,
    } = tag;
    let Some([red, green, blue]) = colours else {
        return Err(FrameBufferRefusal::NotRgb { colour_type });
    };
    if address == 0 {
        return Err(FrameBufferRefusal::NoLinearMemory);
    }
    if !matches!(bits_per_pixel, 24 | 32) {
        return Err(FrameBufferRefusal::BitsPerPixel { bits_per_pixel });
    }
    if width == 0 || height == 0 {
        return Err(FrameBufferRefusal::NoPixels { width, height });
    }
    if u64::from(pitch_bytes) < u64::from(width) * u64::from(bits_per_pixel / 8) {
        return Err(FrameBufferRefusal::PitchTooSmall { pitch_bytes, width });
    }
    check_colours(bits_per_pixel, [red, green, blue])?;
    let address = PhysAddr::new(address);
    let frame_buffer = FrameBuffer {
        address,
        pitch_bytes,
        width,
        height,
        bits_per_pixel,
        red,
        green,
        blue,
    };
    let extent = frame_buffer.extent();
    if extent.end().as_u64() > DIRECT_MAP_LIMIT {
        return Err(FrameBufferRefusal::OutOfReach { extent });
    }
    Ok(frame_buffer)
}

/// Checks that each colour has 8 bits inside the pixel, and that no two colours overlap.
fn check_colours(bits_per_pixel: u8, fields: [ColourField; 3]) -> Result<(), FrameBufferRefusal> {
    let mut taken = 0_u32;
    for field in fields {
        if field.size_bits != 8 || field.shift > bits_per_pixel - 8 {
            return Err(FrameBufferRefusal::ColourField { field });
        }
        let mask = 0xff << field.shift;
        if taken & mask != 0 {
            return Err(FrameBufferRefusal::ColourField { field });
        }
        taken |= mask;
    }
    Ok(())
}

impl FrameBuffer {
    /// Returns its address range.
    #[must_use]
    pub fn extent(&self) -> Extent {
        Extent::new(self.address, u64::from(self.pitch_bytes) * u64::from(self.height))
    }
}
