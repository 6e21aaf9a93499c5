//! Filling RAM with zeroes, or with a pattern that reveals a use after free.

use crate::boot::hhdm_offset::OffsetMappedPhysAddr;
use core::arch::asm;
use memory_ranges::{PAGE_BYTES, PhysRange};
use x86_64::{PhysAddr, structures::paging::PhysFrame};

/// The pattern in freed memory of a debug build: a non-canonical address, so that following it faults.
const POISON: u64 = 0xdead_0000_dead_0000;

/// Fills a range with zeroes.
///
/// # Safety
///
/// The range is RAM, and the caller owns it.
pub(super) unsafe fn zero(range: PhysRange) {
    // SAFETY: The caller's promise.
    unsafe { fill(range.start(), range.size_bytes(), 0) };
}

/// Fills a frame with zeroes.
///
/// # Safety
///
/// The frame is RAM, and the caller owns it.
#[inline]
pub(super) unsafe fn zero_frame(frame: PhysFrame) {
    // SAFETY: The caller's promise.
    unsafe { fill(frame.start_address(), PAGE_BYTES, 0) };
}

/// Overwrites freed memory in a debug build.
///
/// # Safety
///
/// The range is RAM that nobody uses, and nobody can allocate it meanwhile.
pub(super) unsafe fn poison(range: PhysRange) {
    if cfg!(debug_assertions) {
        // SAFETY: The caller's promise.
        unsafe { fill(range.start(), range.size_bytes(), POISON) };
    }
}

/// Overwrites a freed frame in a debug build.
///
/// # Safety
///
/// As for [`poison`].
#[inline]
pub(super) unsafe fn poison_frame(frame: PhysFrame) {
    if cfg!(debug_assertions) {
        // SAFETY: The caller's promise.
        unsafe { fill(frame.start_address(), PAGE_BYTES, POISON) };
    }
}

/// Fills whole frames with copies of a word, by the instruction that is fastest for whole pages.
///
/// # Safety
///
/// The frames are RAM, and the caller owns them.
#[inline]
unsafe fn fill(start: PhysAddr, size_bytes: u64, word: u64) {
    let words = size_bytes / size_of::<u64>() as u64;
    // SAFETY: The caller's promise. All RAM is in the direct map, and writable there except for the kernel's own code and
    // constants, which nobody allocates or frees. Frames are aligned to more than a word.
    unsafe {
        asm!(
            "rep stosq",
            inout("rcx") words => _,
            inout("rdi") start.offset_mapped().as_u64() => _,
            in("rax") word,
            options(nostack, preserves_flags)
        );
    }
}
