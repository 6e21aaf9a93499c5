//! Standing still.

use x86_64::instructions::{hlt, interrupts};

/// Halts this processor for ever, with interrupts on; after each interrupt it runs `before_halt` and halts again.
pub fn hlt_loop(before_halt: fn()) -> ! {
    loop {
        interrupts::disable();
        before_halt();
        // What came meanwhile is taken behind the halt, and ends it.
        interrupts::enable_and_hlt();
    }
}

/// Halts this processor for ever, with interrupts off: only an NMI can wake it, and it halts again.
pub fn hlt_loop_with_interrupts_off() -> ! {
    interrupts::disable();
    loop {
        hlt();
    }
}
