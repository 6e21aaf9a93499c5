//! The loader's fatal errors.

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

/// The reason why the kernel cannot be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BootError {
    /// GRUB's boot information is damaged.
    #[error(transparent)]
    BootInformation(#[from] BootInformationError),
    /// Memory that must be accessed lies beyond the first 4 GiB.
    #[error(transparent)]
    OutOfReach(#[from] OutOfReach),
    /// The firmware is 32-bit EFI.
    #[error("the firmware is 32-bit EFI; this loader needs a BIOS or 64-bit EFI")]
    Efi32,
    /// GRUB did not end the EFI boot services.
    #[error("the EFI boot services still run")]
    BootServicesRun,
    /// GRUB loaded no file beside the loader.
    #[error("no kernel: GRUB loaded no module")]
    NoModule,
    /// The first module is not a kernel.
    #[error("no kernel: {reason}; the modules are {modules}")]
    NotAKernel {
        /// The problem of the first one.
        reason: KernelElfError,
        /// The modules that GRUB loaded.
        modules: ModulePaths,
    },
    /// The test hooks on the command line are invalid.
    #[error(transparent)]
    UnknownHook(#[from] UnknownHook<'static>),
    /// A test hook cannot be carried out.
    #[error(transparent)]
    TestHook(#[from] TestHookError),
    /// There is no usable memory map.
    #[error(transparent)]
    Construction(#[from] ConstructionError),
    /// There is not enough memory.
    #[error(transparent)]
    Allocation(#[from] AllocationError),
    /// The memory for the kernel's image is too small.
    #[error(transparent)]
    Image(#[from] ImageSizeMismatch),
    /// The kernel's requests cannot be met.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The page tables cannot be written.
    #[error(transparent)]
    PageTables(#[from] PageTableError),
    /// The memory for the responses is too small.
    #[error(transparent)]
    PoolFull(#[from] PoolFull),
    /// The local APICs are not usable.
    #[error(transparent)]
    LocalApic(#[from] LocalApicError),
}

/// Shows the paths of the modules.
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
