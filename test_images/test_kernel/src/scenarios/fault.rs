//! The processor refuses to go on, or never ends.

use core::{arch::asm, hint};
use x86_64::{VirtAddr, instructions::tables::lidt, structures::DescriptorTablePointer};

/// An exception that nobody handles, because the table of handlers is gone: the processor resets.
pub(super) fn fault_without_handlers() {
    log::info!("Executing an undefined instruction");
    let no_table = DescriptorTablePointer {
        limit: 0,
        base: VirtAddr::zero(),
    };
    // SAFETY: From here on every exception resets the machine, which is what the scenario is for.
    unsafe { lidt(&no_table) };
    undefined_instruction();
}

/// An exception.
pub(super) fn undefined_instruction() {
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
