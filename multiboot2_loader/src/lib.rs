//! The Limine boot protocol for machines with GRUB and without Limine.
//!
//! GRUB starts this program by Multiboot2 in 32-bit mode, the same on a BIOS and on 64-bit EFI, with the kernel and its
//! modules in memory. It enters long mode, builds the memory map, loads the kernel, starts the APs, responds to the
//! kernel's requests, and jumps. [`boot`] is the table of contents. The hardware-free code is in the library
//! `multiboot2_loader_core`, with its tests.
//!
//! Always true:
//! - Interrupts are off from GRUB's entry to the kernel's.
//! - All memory that the loader allocates is bootloader-reclaimable in the memory map.
//! - Data from GRUB, the firmware and the kernel file is validated before use; every fatal error is shown on COM1 and on the
//!   screen.
//!
//! GRUB handles menus, file systems and video modes. The loader is a library so that `test_loader` can run the same code with test
//! hooks, which the shipped binary ignores.
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

/// Boots the kernel. The binary's `loader_main` calls it, which the 32-bit start calls.
///
/// # Safety
/// The processor comes from the start in `entry/start.s`, and the handover has its data.
pub unsafe fn run(handover: &Handover, hook_policy: HookPolicy) -> ! {
    match boot::prepare(handover, hook_policy) {
        // SAFETY: The step was created for this processor, with its page tables and stack. Every processor still uses the loader's page
        // tables, or has left them for good.
        Ok(last_step) => unsafe { last_step.take(handover) },
        Err(error) => console::give_up(format_args!("{error}")),
    }
}

/// Reports an error of the loader itself. The binary's panic handler calls it.
pub fn report_panic(info: &PanicInfo<'_>) -> ! {
    console::give_up(format_args!("the loader {info}"))
}
