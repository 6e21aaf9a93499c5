//! Every reason for which the loader gives up.

use core::fmt;

use multiboot2_loader_core::boot_information::{BootInformationError, Module};
use multiboot2_loader_core::command_line::UnknownHook;
use multiboot2_loader_core::kernel_elf::{ImageSizeMismatch, KernelElfError};
use multiboot2_loader_core::limine_requests::RequestError;
use multiboot2_loader_core::memory_map::AllocationError;
use multiboot2_loader_core::memory_map_construction::ConstructionError;
use multiboot2_loader_core::page_tables::PageTableError;
use multiboot2_loader_core::physical_memory::OutOfReach;
use multiboot2_loader_core::pool::PoolFull;

use crate::interrupts::local_apic::LocalApicError;
use crate::test_hooks::TestHookError;

/// Why the kernel cannot be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BootError {
    /// GRUB's boot information is damaged.
    #[error(transparent)]
    BootInformation(#[from] BootInformationError),
    /// Something that must be read or written lies beyond the first 4 GiB.
    #[error(transparent)]
    OutOfReach(#[from] OutOfReach),
    /// The firmware is 32-bit EFI.
    #[error("the firmware is 32-bit EFI; this loader needs a BIOS or 64-bit EFI")]
    Efi32,
    /// GRUB did not end EFI's boot services.
    #[error("EFI's boot services still run")]
    BootServicesRun,
    /// GRUB loaded no file beside the loader.
    #[error("no kernel: GRUB loaded no module")]
    NoModule,
    /// The first module is not a kernel.
    #[error("no kernel: {reason}; the modules are {modules}")]
    NotAKernel {
        /// What is wrong with the first of them.
        reason: KernelElfError,
        /// What GRUB loaded.
        modules: ModulePaths,
    },
    /// The test hooks on the command line make no sense.
    #[error(transparent)]
    UnknownHook(#[from] UnknownHook<'static>),
    /// A test hook cannot be carried out.
    #[error(transparent)]
    TestHook(#[from] TestHookError),
    /// There is no memory map to work with.
    #[error(transparent)]
    Construction(#[from] ConstructionError),
    /// Memory ran out.
    #[error(transparent)]
    Allocation(#[from] AllocationError),
    /// The loader took too little memory for the kernel.
    #[error(transparent)]
    Image(#[from] ImageSizeMismatch),
    /// The kernel asks for something that cannot be.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The page tables cannot be written.
    #[error(transparent)]
    PageTables(#[from] PageTableError),
    /// The responses found no room.
    #[error(transparent)]
    PoolFull(#[from] PoolFull),
    /// The local APICs are not as the kernel needs them.
    #[error(transparent)]
    LocalApic(#[from] LocalApicError),
}

/// The paths of the modules, to be shown.
#[derive(Debug)]
pub(crate) struct ModulePaths(pub(crate) &'static [Module<'static>]);

impl fmt::Display for ModulePaths {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, module) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(formatter, "{separator}{}", module.path)?;
        }
        Ok(())
    }
}
