//! Maps the frame buffer at an address of its own, since many machines have it above the first 4 GiB.
//!
//! The window is write-combining: drawing through the uncached direct map would be slow on real hardware.

use core::ptr;
use core::sync::atomic::{AtomicU64, Ordering};

use multiboot2_loader_core::address::Extent;

use crate::cpu::features::Features;

/// Start of the window: the entry has an empty page directory for this address.
const WINDOW: usize = 0xffff_ffff_8000_0000;
/// Size of the memory that one entry of a page directory maps.
const PAGE_SIZE_BYTES: u64 = 2 << 20;
/// Present, writable, large, and entry 5 of the page attribute table: bits 3 (1) and 12 (4).
const FLAGS: u64 = 1 << 0 | 1 << 1 | 1 << 7 | 1 << 3 | 1 << 12;

unsafe extern "C" {
    /// The page directory.
    safe static screen_directory: [AtomicU64; 512];
}

/// Maps `extent`, and returns the address of its first byte. Returns `None` if it is too large, or beyond the processor's physical
/// addresses.
pub(super) fn show(extent: Extent) -> Option<*mut u8> {
    let (base, end) = (extent.base.as_u64(), extent.end().as_u64());
    if end >> Features::read().physical_address_bits != 0 {
        return None;
    }
    let first_page = base / PAGE_SIZE_BYTES;
    let pages = first_page..end.div_ceil(PAGE_SIZE_BYTES);
    if pages.end - pages.start > screen_directory.len() as u64 {
        return None;
    }
    // New entries need no TLB flush, and equal entries change nothing.
    for (entry, page) in screen_directory.iter().zip(pages) {
        entry.store((page * PAGE_SIZE_BYTES) | FLAGS, Ordering::SeqCst);
    }
    let offset = usize::try_from(base % PAGE_SIZE_BYTES).ok()?;
    Some(ptr::with_exposed_provenance_mut(WINDOW + offset))
}
