//! The 32 exceptions of the processor, by name.

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

/// The name of a vector below 32.
pub(crate) fn name(vector: u64) -> Option<&'static str> {
    usize::try_from(vector).ok().and_then(|index| NAMES.get(index)).copied()
}
