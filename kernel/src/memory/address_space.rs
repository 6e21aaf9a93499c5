//! The higher half of the address space, as the kernel's page tables map it.
//!
//! ```text
//! 0xffff_8000_0000_0000  HIGHER_HALF_START: the direct map (HHDM) starts here or above, at the boot loader's offset:
//!                        all RAM, data only, with the largest pages that fit; the frame buffer, write-combining
//! 0xffff_f000_0000_0000  RANGES_START: ranges allocated at run time (device registers, buffers), with guard pages
//! 0xffff_f800_0000_0000  STACKS_START: a slot for each stack of each processor, mostly guard pages
//! 0xffff_ffff_8000_0000  KERNEL_START: the kernel's image: code r-x, constants r--, data rw-
//! ```

pub use crate::boot::hhdm_offset::HIGHER_HALF_START;

pub const RANGES_START: u64 = 0xffff_f000_0000_0000;
pub const RANGES_SIZE: u64 = STACKS_START - RANGES_START;
pub const STACKS_START: u64 = 0xffff_f800_0000_0000;

/// Start of the kernel's image (`linker-x86_64.ld`), and end of the stacks' area.
pub const KERNEL_START: u64 = 0xffff_ffff_8000_0000;
