//! The processor's 32 exceptions: their names, the vectors that the kernel treats specially, and the page fault's error code.

use core::fmt;

/// Vectors with a treatment of their own (Intel SDM vol. 3, table 7-1).
pub(crate) mod vector {
    /// A single step, `icebp`, or a debug register.
    pub(crate) const DEBUG: u8 = 1;
    pub(crate) const NON_MASKABLE: u8 = 2;
    pub(crate) const BREAKPOINT: u8 = 3;
    pub(crate) const DOUBLE_FAULT: u8 = 8;
    pub(crate) const GENERAL_PROTECTION: u8 = 13;
    pub(crate) const PAGE_FAULT: u8 = 14;
    pub(crate) const MACHINE_CHECK: u8 = 18;
}

/// Names by vector (Intel SDM vol. 3, table 7-1; AMD APM vol. 2, section 8.2).
const NAMES: [&str; 32] = [
    "Divide Error",
    "Debug",
    "Non-maskable Interrupt",
    "Breakpoint",
    "Overflow",
    "Bound Range Exceeded",
    "Invalid Opcode",
    "Device Not Available",
    "Double Fault",
    "Coprocessor Segment Overrun",
    "Invalid TSS",
    "Segment Not Present",
    "Stack-Segment Fault",
    "General Protection Fault",
    "Page Fault",
    "Reserved Exception 15",
    "x87 Floating-Point Exception",
    "Alignment Check",
    "Machine Check",
    "SIMD Floating-Point Exception",
    "Virtualization Exception",
    "Control Protection Exception",
    "Reserved Exception 22",
    "Reserved Exception 23",
    "Reserved Exception 24",
    "Reserved Exception 25",
    "Reserved Exception 26",
    "Reserved Exception 27",
    "Hypervisor Injection Exception",
    "VMM Communication Exception",
    "Security Exception",
    "Reserved Exception 31",
];

/// Returns the name of an exception, or `None` for a vector from 32 on, which is an interrupt.
pub(crate) fn name(vector: u8) -> Option<&'static str> {
    NAMES.get(usize::from(vector)).copied()
}

/// The error code of a page fault, as the processor pushes it (Intel SDM vol. 3, section 5.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageFaultError(pub(crate) u64);

/// Each bit with its word when set, and its word when clear.
const PAGE_FAULT_BITS: [(u64, &str, &str); 3] = [
    (1 << 0, "protection", "not mapped"),
    (1 << 1, "write", ""),
    (1 << 2, "user mode", "kernel mode"),
];

/// Bits that have a word only when set.
const RARE_PAGE_FAULT_BITS: [(u64, &str); 4] = [
    (1 << 3, "reserved bit set"),
    (1 << 4, "instruction fetch"),
    (1 << 5, "protection key"),
    (1 << 6, "shadow stack"),
];

impl fmt::Display for PageFaultError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_fetch = self.0 & (1 << 4) != 0;
        write!(formatter, "{:#x}", self.0)?;
        for (bit, set, clear) in PAGE_FAULT_BITS {
            let word = if self.0 & bit != 0 { set } else { clear };
            let word = if word.is_empty() && !is_fetch { "read" } else { word };
            if !word.is_empty() {
                write!(formatter, ", {word}")?;
            }
        }
        RARE_PAGE_FAULT_BITS
            .iter()
            .filter(|(bit, _)| self.0 & bit != 0)
            .try_for_each(|(_, word)| write!(formatter, ", {word}"))
    }
}
