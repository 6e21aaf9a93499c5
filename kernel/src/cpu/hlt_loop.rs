//! Halting a processor.

use x86_64::instructions::{hlt, interrupts};

/// Halts the current processor for ever with interrupts on. Runs `before_halt` after each interrupt, then halts again.
pub fn hlt_loop(before_halt: fn()) -> ! {
    loop {
        interrupts::disable();
        before_halt();
        // `sti` takes effect after the next instruction: an interrupt that is pending by now ends the halt.
        interrupts::enable_and_hlt();
    }
}

/// Halts the current processor for ever with interrupts off. Only an NMI wakes it, and it halts again.
pub fn hlt_loop_with_interrupts_off() -> ! {
    interrupts::disable();
    loop {
        hlt();
    }
}
