//! Validates the boot loader's frame buffer and makes it a drawing target.

use super::{
    hhdm_offset::HIGHER_HALF_START,
    limine_requests::{FRAME_BUFFER_REQUEST, HHDM_REQUEST},
    memory_map::MemoryMap,
};
use core::sync::atomic::{AtomicBool, Ordering};
use embedded_graphics::geometry::Size;
use frame_buffer::{FrameBufferClaims, FrameBufferEmbeddedGraphics, FrameBufferError, FrameBufferInfo};
use limine::framebuffer::Framebuffer;

/// The frame buffer, for the lifetime of the kernel.
pub type Screen = FrameBufferEmbeddedGraphics<'static>;

/// Why the frame buffer cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScreenError {
    NoFrameBuffer,
    /// Its address is not in the higher half, or not aligned to pixels.
    Address(u64),
    InRam {
        /// Physical address of its first byte.
        start: u64,
        /// Size in bytes.
        length: u64,
    },
    /// Its size or pixel layout is not supported.
    Layout(FrameBufferError),
    /// It was taken or refused before.
    Taken,
}

/// Set by [`take`] before anything else, so that the pixels have one owner.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// Size of the boot loader's first frame buffer in pixels; `None` if there is none that is supported.
pub fn size() -> Option<Size> {
    let (_, info) = claimed_frame_buffer().ok()?;
    Some(Size::new(info.width(), info.height()))
}

/// Takes the boot loader's first frame buffer. Only the first call can succeed: a late panic calls this too, when the response's
/// memory may have been reclaimed. An early panic may come before the responses are validated, so none of them is required.
pub fn take() -> Result<Screen, ScreenError> {
    if IS_TAKEN.swap(true, Ordering::Relaxed) {
        return Err(ScreenError::Taken);
    }
    let (claimed, info) = claimed_frame_buffer()?;
    let address = claimed.address() as u64;
    let length = info.len_pixels() as u64 * size_of::<u32>() as u64;
    let end = address.checked_add(length).ok_or(ScreenError::Address(address))?;
    if address < HIGHER_HALF_START || !address.is_multiple_of(size_of::<u32>() as u64) || end < address {
        return Err(ScreenError::Address(address));
    }
    let start = address.wrapping_sub(HHDM_REQUEST.response().map_or(0, |response| response.offset));
    if MemoryMap::from_boot_loader().is_some_and(|map| map.overlaps_ram(start, length)) {
        return Err(ScreenError::InRam { start, length });
    }
    // SAFETY: The boot loader mapped its frame buffer at this address. It is aligned, has this many pixels and does not
    // overlap RAM. `IS_TAKEN` makes this the only slice over it.
    let pixels = unsafe { core::slice::from_raw_parts_mut(claimed.address().cast::<u32>(), info.len_pixels()) };
    // Cannot fail: the slice has exactly the needed number of pixels.
    FrameBufferEmbeddedGraphics::new(info, pixels).map_err(|_too_short| ScreenError::Address(address))
}

/// The boot loader's first frame buffer, with its layout validated.
fn claimed_frame_buffer() -> Result<(&'static Framebuffer, FrameBufferInfo), ScreenError> {
    let response = FRAME_BUFFER_REQUEST.response().ok_or(ScreenError::NoFrameBuffer)?;
    let claimed = response.framebuffers().first().ok_or(ScreenError::NoFrameBuffer)?;
    let info = FrameBufferInfo::check(&claims_of(claimed)).map_err(ScreenError::Layout)?;
    Ok((claimed, info))
}

fn claims_of(frame_buffer: &Framebuffer) -> FrameBufferClaims {
    FrameBufferClaims {
        width: frame_buffer.width,
        height: frame_buffer.height,
        pitch_bytes: frame_buffer.pitch,
        bits_per_pixel: frame_buffer.bpp,
        memory_model: frame_buffer.memory_model,
        red_mask_size: frame_buffer.red_mask_size,
        red_mask_shift: frame_buffer.red_mask_shift,
        green_mask_size: frame_buffer.green_mask_size,
        green_mask_shift: frame_buffer.green_mask_shift,
        blue_mask_size: frame_buffer.blue_mask_size,
        blue_mask_shift: frame_buffer.blue_mask_shift,
    }
}
