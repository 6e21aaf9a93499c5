//! The processor refuses to go on, or never ends.

use core::{arch::asm, hint};

/// An exception. As long as nothing handles exceptions, the processor resets.
pub(super) fn undefined_instruction() {
    log::info!("Executing an undefined instruction");
    // SAFETY: It raises #UD and does nothing else: ending this kernel is what the scenario is for.
    unsafe { asm!("ud2") };
}

/// Never goes on.
pub(super) fn hang() {
    log::info!("Hanging");
    loop {
        hint::spin_loop();
    }
}
