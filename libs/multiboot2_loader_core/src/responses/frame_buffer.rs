//! The screen (`struct limine_framebuffer` and `struct limine_video_mode`, response revision 1, without EDID).

use super::response_of_revision;
use crate::address::VirtAddr;
use crate::frame_buffer::FrameBuffer;
use crate::pool::{Pool, PoolFull};

/// The lowest response revision with a list of video modes.
const REVISION: u64 = 1;

/// The protocol's number for direct RGB colour.
const MEMORY_MODEL_RGB: u8 = 1;

/// Writes the response for one screen. The list of its modes has one entry: the mode that is set.
pub(super) fn response_for(pool: &mut Pool<'_>, screen: &FrameBuffer) -> Result<VirtAddr, PoolFull> {
    let [low_format, high_format] = pixel_format(screen);
    let [pitch_bytes, width, height] = [screen.pitch_bytes, screen.width, screen.height].map(u64::from);
    let mode = [pitch_bytes, width, height, low_format, high_format];
    let mode = pool.put_words(mode.into_iter())?;
    let modes = pool.put_words([mode.as_u64()].into_iter())?;
    let address = screen.address.hhdm_alias().as_u64();
    let description = [
        address,
        width,
        height,
        pitch_bytes,
        low_format,
        high_format,
        // There is no EDID: its size is 0, and its address a null pointer.
        0,
        0,
        // Number of modes.
        1,
        modes.as_u64(),
    ];
    let description = pool.put_words(description.into_iter())?;
    let list = pool.put_words([description.as_u64()].into_iter())?;
    response_of_revision(pool, REVISION, [1, list.as_u64()])
}

/// The pixel format as both structs hold it: bits per pixel (two bytes), the memory model, then the size and the place of
/// each colour.
const fn pixel_format(screen: &FrameBuffer) -> [u64; 2] {
    let (red, green, blue) = (screen.red, screen.green, screen.blue);
    let low = [
        screen.bits_per_pixel,
        0,
        MEMORY_MODEL_RGB,
        red.size_bits,
        red.shift,
        green.size_bits,
        green.shift,
        blue.size_bits,
    ];
    [u64::from_le_bytes(low), blue.shift as u64]
}
