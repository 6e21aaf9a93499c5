//! The higher half, as the kernel's own page tables lay it out.
//!
//! ```text
//! 0xffff_8000_0000_0000  HIGHER_HALF_START: the direct map (HHDM) begins here or above, where the boot loader put it:
//!                        all RAM, data only, with the largest pages that fit; the frame buffer, write-combining
//! 0xffff_f000_0000_0000  RANGES_START: ranges that are given out (device registers, buffers), guarded on both sides
//! 0xffff_f800_0000_0000  STACKS_START: a slot for each stack of each processor, mostly guard
//! 0xffff_ffff_8000_0000  KERNEL_START: the kernel's image: code r-x, constants r--, data rw-
//! ```

pub use crate::boot::hhdm_offset::HIGHER_HALF_START;

/// Where ranges begin that are given out.
pub const RANGES_START: u64 = 0xffff_f000_0000_0000;

/// How much address space there is for them.
pub const RANGES_SIZE: u64 = STACKS_START - RANGES_START;

/// Where the stacks begin, and the ranges end.
pub const STACKS_START: u64 = 0xffff_f800_0000_0000;

/// Where the kernel's image begins (`linker-x86_64.ld`), and the room for stacks ends.
pub const KERNEL_START: u64 = 0xffff_ffff_8000_0000;
