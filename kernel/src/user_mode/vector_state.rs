//! The x87, MMX and SSE registers, as `fxsave64` has them. The kernel itself uses none of them: its code is soft-float.

use core::arch::asm;

/// The default control word of the x87: no exceptions, highest precision (Intel SDM vol. 1, section 8.1.5).
const X87_CONTROL: u16 = 0x037f;

/// The default of MXCSR: no exceptions (Intel SDM vol. 1, section 11.6.4).
const MXCSR: u32 = 0x1f80;

/// What `fxsave64` saves: Intel SDM vol. 1, table 10-2.
#[derive(Debug, Clone)]
#[repr(C, align(16))]
pub(super) struct VectorState {
    /// The x87's control word.
    x87_control: u16,
    /// Its status, tags (0: all registers are empty), last instruction and operand.
    x87_rest: [u16; 11],
    /// Control and status of SSE.
    mxcsr: u32,
    /// Which bits of that can be set; ignored when it is loaded.
    mxcsr_mask: u32,
    /// The registers themselves.
    registers: [u64; 60],
}

const _: () = assert!(size_of::<VectorState>() == 512, "as the processor lays it out");

impl VectorState {
    /// With which every program begins.
    pub(super) const INITIAL: Self = Self {
        x87_control: X87_CONTROL,
        x87_rest: [0; 11],
        mxcsr: MXCSR,
        mxcsr_mask: 0,
        registers: [0; 60],
    };

    /// Makes it that of the processor that this runs on.
    pub(super) fn load(&self) {
        // SAFETY: The registers are no part of what the kernel's code uses, and the state is aligned and valid: MXCSR has no
        // reserved bit set.
        unsafe { asm!("fxrstor64 [{}]", in(reg) self, options(nostack, readonly)) };
    }
}
