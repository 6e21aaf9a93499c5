//! Exceptions without handlers, and a hang.

use core::{arch::asm, hint};
use x86_64::{VirtAddr, instructions::tables::lidt, structures::DescriptorTablePointer};

/// Raises an exception without a descriptor table: the processor resets.
pub(super) fn fault_without_handlers() {
    log::info!("Executing an undefined instruction");
    let no_table = DescriptorTablePointer {
        limit: 0,
        base: VirtAddr::zero(),
    };
    // SAFETY: From here on every exception resets the machine, as the scenario intends.
    unsafe { lidt(&no_table) };
    undefined_instruction();
}

/// Raises an exception.
pub(super) fn undefined_instruction() {
    // SAFETY: The instruction raises #UD, which ends this kernel as intended.
    unsafe { asm!("ud2") };
}

/// Hangs.
pub(super) fn hang() {
    log::info!("Hanging");
    loop {
        hint::spin_loop();
    }
}
