//! The screen (`struct limine_framebuffer`, response revision 0: one mode, no EDID).

use super::response;
use crate::address::VirtAddr;
use crate::frame_buffer::FrameBuffer;
use crate::pool::{Pool, PoolFull};

/// The protocol's number for direct RGB colour.
const MEMORY_MODEL_RGB: u8 = 1;

/// Writes the response for one screen.
pub(super) fn response_for(pool: &mut Pool<'_>, screen: &FrameBuffer) -> Result<VirtAddr, PoolFull> {
    let FrameBuffer {
        address,
        pitch_bytes,
        width,
        height,
        bits_per_pixel,
        red,
        green,
        blue,
    } = *screen;
    // Offsets 32 to 47: bits per pixel (two bytes), the memory model, then size and place of each colour.
    let low = [
        bits_per_pixel,
        0,
        MEMORY_MODEL_RGB,
        red.size_bits,
        red.shift,
        green.size_bits,
        green.shift,
        blue.size_bits,
    ];
    let high = [blue.shift, 0, 0, 0, 0, 0, 0, 0];
    let words = [
        address.hhdm_alias().as_u64(),
        u64::from(width),
        u64::from(height),
        u64::from(pitch_bytes),
        u64::from_le_bytes(low),
        u64::from_le_bytes(high),
        // No EDID: size 0 and a null pointer.
        0,
        0,
    ];
    let description = pool.put_words(words.into_iter())?;
    let list = pool.put_words([description.as_u64()].into_iter())?;
    response(pool, [1, list.as_u64()])
}
