//! The x87, MMX and SSE registers in the layout of `fxsave64`. The kernel uses none of them: its code is soft-float.

use core::arch::asm;

/// Default control word of the x87: exceptions masked, highest precision (Intel SDM vol. 1, section 8.1.5).
const X87_CONTROL: u16 = 0x037f;

/// Default of MXCSR: exceptions masked (Intel SDM vol. 1, section 11.6.4).
const MXCSR: u32 = 0x1f80;

/// Layout of `fxsave64`: Intel SDM vol. 1, table 10-2.
#[derive(Debug, Clone)]
#[repr(C, align(16))]
pub(super) struct VectorState {
    x87_control: u16,
    /// Status, tags (0: all registers are empty), last instruction and operand of the x87.
    x87_rest: [u16; 11],
    mxcsr: u32,
    /// Valid bits of `mxcsr`; ignored by `fxrstor64`.
    mxcsr_mask: u32,
    registers: [u64; 60],
}

const _: () = assert!(size_of::<VectorState>() == 512, "as the processor lays it out");

impl VectorState {
    pub(super) const INITIAL: Self = Self {
        x87_control: X87_CONTROL,
        x87_rest: [0; 11],
        mxcsr: MXCSR,
        mxcsr_mask: 0,
        registers: [0; 60],
    };

    pub(super) fn load(&self) {
        // SAFETY: The kernel's code does not use these registers. The state is aligned and valid: MXCSR has no reserved bit
        // set.
        unsafe { asm!("fxrstor64 [{}]", in(reg) self, options(nostack, readonly)) };
    }
}
