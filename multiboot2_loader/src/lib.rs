//! The Limine boot protocol on a machine where GRUB is and Limine is not.
//!
//! GRUB starts this program by Multiboot2 in 32-bit mode, the same on a BIOS and on 64-bit EFI, with the kernel and its
//! modules in memory. It enters long mode, builds the memory map, loads the kernel, starts the other processors, answers
//! the kernel's requests, and jumps. [`boot`] reads like a table of contents. What needs no hardware is in the library
//! `multiboot2_loader_core`, with its tests.
//!
//! What always holds:
//! - Interrupts are off from GRUB's entry to the kernel's.
//! - All memory that the loader takes is in the memory map as bootloader-reclaimable.
//! - What GRUB, the firmware and the kernel file say is checked before it is believed; every reason for giving up is
//!   shown on COM1 and on the screen.
//!
//! It leaves menus, file systems and video modes to GRUB. It is a library so that `test_loader` can run the very same
//! code with its test hooks on, while the shipped binary ignores them.
#![no_std]

mod boot;
mod console;
mod cpu;
mod device_registers;
mod direct_map;
mod entry;
mod error;
mod exceptions;
mod firmware;
mod hand_off;
mod interrupts;
mod iommu;
mod ports;
mod processors;
mod real_time_clock;
mod test_hooks;
mod timer;

use core::panic::PanicInfo;

pub use entry::Handover;
pub use test_hooks::HookPolicy;

/// Boots the kernel. Called by the binary's `loader_main`, where the 32-bit start leads.
///
/// # Safety
/// The processor was brought here by the start in `entry/start.s`, and the handover is what that passed on.
pub unsafe fn run(handover: &Handover, hook_policy: HookPolicy) -> ! {
    match boot::prepare(handover, hook_policy) {
        // SAFETY: The step was made for this processor, with the page tables and the stack that go with it. Every
        // processor is still on the loader's page tables, or has left them for good.
        Ok(last_step) => unsafe { last_step.take(handover) },
        Err(error) => console::give_up(format_args!("{error}")),
    }
}

/// Shows that the loader itself is wrong. Called by the binary's panic handler.
pub fn report_panic(info: &PanicInfo<'_>) -> ! {
    console::give_up(format_args!("the loader {info}"))
}
