//! Finds the kernel among the modules, validates it, loads it, and reads its requests.

use multiboot2_loader_core::address::{Extent, PhysAddr, VirtAddr};
use multiboot2_loader_core::boot_information::Module;
use multiboot2_loader_core::kernel_elf::KernelElf;
use multiboot2_loader_core::limine_requests::base_revision::BaseRevision;
use multiboot2_loader_core::limine_requests::{RequestError, Requests};
use multiboot2_loader_core::memory_map::{Allocation, MemoryMap, RangeKind};
use multiboot2_loader_core::page_tables::AddressSpace;

use crate::console;
use crate::cpu::features::Features;
use crate::direct_map;
use crate::error::{BootError, ModulePaths};

/// The kernel's file.
#[derive(Debug)]
pub(super) struct KernelFile {
    /// Its parsed content.
    elf: KernelElf<'static>,
}

/// The loaded kernel.
#[derive(Debug)]
pub(super) struct LoadedKernel {
    /// The parsed file.
    elf: KernelElf<'static>,
    /// Its memory.
    pub(super) image: &'static mut [u8],
    /// Physical address of the memory.
    pub(super) physical_base: PhysAddr,
    /// Virtual address of the image.
    pub(super) virtual_base: VirtAddr,
    /// Its requests.
    pub(super) requests: Requests,
    /// The base revision in use.
    pub(super) base_revision: BaseRevision,
    /// Size of each processor's stack.
    pub(super) stack_size_bytes: u64,
    /// Entry point.
    pub(super) entry: VirtAddr,
}

impl KernelFile {
    /// Validates the first module.
    pub(super) fn find(modules: &'static [Module<'static>]) -> Result<Self, BootError> {
        let &module = modules.get(super::inputs::KERNEL_MODULE).ok_or(BootError::NoModule)?;
        // SAFETY: The modules become memory of the loader or of the kernel, and the loader does not write to them.
        let file: &'static [u8] = unsafe { direct_map::slice(module.extent) }?;
        let elf = KernelElf::check(file).map_err(|reason| BootError::NotAKernel {
            reason,
            modules: ModulePaths(modules),
        })?;
        for segment in elf.segments() {
            if segment.is_writable_and_executable() {
                let address = segment.virtual_address;
                console::warn(format_args!(
                    "the kernel's segment at {address} is writable and executable"
                ));
            }
        }
        Ok(Self { elf })
    }

    /// Loads the kernel, and reads its requests.
    pub(super) fn load(self, map: &mut MemoryMap) -> Result<LoadedKernel, BootError> {
        let Self { elf } = self;
        let size_bytes = elf.image_size_bytes;
        let wish = Allocation::new("the kernel", size_bytes, RangeKind::ExecutableAndModules);
        let physical_base = map.allocate(&super::room::reachable(wish))?;
        // SAFETY: The memory was just allocated from the map for this purpose.
        let image = unsafe { direct_map::slice_mut(Extent::new(physical_base, size_bytes)) }?;
        elf.load_into(image)?;
        let requests = Requests::scan(image.get(..elf.initialised_bytes()).unwrap_or_default())?;
        let base_revision = requests.grant_base_revision(image)?;
        requests.check_paging_mode()?;
        let entry = match requests.entry_point() {
            Some(entry) if !elf.is_executable(entry) => return Err(RequestError::EntryPoint { entry }.into()),
            Some(entry) => entry,
            None => elf.entry,
        };
        Ok(LoadedKernel {
            image,
            physical_base,
            virtual_base: elf.image_base,
            base_revision,
            stack_size_bytes: requests.stack_size_bytes()?,
            requests,
            entry,
            elf,
        })
    }
}

impl LoadedKernel {
    /// Returns the kernel's address space, without other memory.
    pub(super) fn address_space(&self, features: &Features) -> AddressSpace<'_> {
        AddressSpace {
            ranges: &[],
            segments: self.elf.segments(),
            image_base: self.virtual_base,
            image_physical_base: self.physical_base,
            largest_page: features.largest_page,
            no_execute: features.no_execute,
        }
    }
}
