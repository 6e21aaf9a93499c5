//! Writes the responses to the kernel.

use arrayvec::ArrayVec;
use multiboot2_loader_core::boot_information::MODULE_LIMIT;
use multiboot2_loader_core::command_line::TestHooks;
use multiboot2_loader_core::frame_buffer::FrameBuffer;
use multiboot2_loader_core::memory_map::FrozenMemoryMap;
use multiboot2_loader_core::physical_memory::OutOfReach;
use multiboot2_loader_core::pool::Pool;
use multiboot2_loader_core::responses::{self, Facts, File, FirmwareType, MemoryMapEntry, MpAnswer};

use super::inputs::Inputs;
use super::kernel_file::LoadedKernel;
use super::processor_plan::StartedProcessors;
use super::room::AnswerSize;
use crate::error::BootError;
use crate::firmware::Firmware;
use crate::{direct_map, real_time_clock, test_hooks};

/// Name of the loader.
const NAME: &str = "Limelight Multiboot2 loader";

/// The sources of the responses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answers<'a> {
    /// GRUB.
    pub(super) inputs: &'a Inputs,
    /// The firmware.
    pub(super) firmware: &'a Firmware,
    /// A test.
    pub(super) hooks: &'a TestHooks<'static>,
    /// The kernel's frame buffer.
    pub(super) frame_buffer: Option<FrameBuffer>,
}

impl Answers<'_> {
    /// Returns the size of the responses.
    pub(super) fn size(&self) -> Result<AnswerSize, BootError> {
        let modules = &self.inputs.information.modules;
        Ok(AnswerSize {
            map_entries: self
                .map_of_a_test()?
                .map_or(0, |map| MemoryMapEntry::from_file(map).len()),
            string_bytes: modules
                .iter()
                .map(|module| module.path.len() + module.string.len())
                .sum(),
        })
    }

    /// Writes all responses.
    pub(super) fn give(
        &self,
        kernel: &mut LoadedKernel,
        pool: &mut Pool<'_>,
        map: FrozenMemoryMap<'_>,
        processors: Option<StartedProcessors>,
    ) -> Result<(), BootError> {
        let Inputs { information, .. } = self.inputs;
        let mut files = information.modules.iter().map(|module| File::from(*module));
        let kernel_file = files.next().ok_or(BootError::NoModule)?;
        let modules: ArrayVec<File<'_>, MODULE_LIMIT> = files.collect();
        let facts = Facts {
            base_revision: kernel.base_revision,
            loader_name: NAME,
            loader_version: env!("CARGO_PKG_VERSION"),
            kernel_file,
            modules: &modules,
            firmware: if information.is_efi() {
                FirmwareType::Efi64
            } else {
                FirmwareType::Bios
            },
            frame_buffer: self.frame_buffer,
            mp: processors.as_ref().map(|processors| MpAnswer {
                x2apic: processors.x2apic,
                bsp_local_apic_id: processors.bsp_local_apic_id,
                infos: &processors.infos,
            }),
            rsdp: self
                .firmware
                .rsdp
                .filter(|_| !self.hooks.no_rsdp)
                .map(|rsdp| rsdp.address.into()),
            efi_system_table: self.firmware.efi_system_table,
            smbios_32: self.firmware.smbios.entry_32,
            smbios_64: self.firmware.smbios.entry_64,
            date_at_boot: real_time_clock::unix_seconds(self.firmware.century_register),
            image_physical_base: kernel.physical_base,
            image_virtual_base: kernel.virtual_base,
        };
        let image = &mut *kernel.image;
        match self.map_of_a_test()? {
            None => {
                let entries = map.ranges().iter().map(MemoryMapEntry::from);
                responses::answer(image, &kernel.requests, pool, &facts, entries)?;
            }
            Some(map) => {
                let entries = MemoryMapEntry::from_file(map);
                responses::answer(image, &kernel.requests, pool, &facts, entries)?;
            }
        }
        Ok(())
    }

    /// Returns the memory map that a test requests.
    fn map_of_a_test(&self) -> Result<Option<&'static [u8]>, BootError> {
        let Some(path) = self.hooks.map else {
            return Ok(None);
        };
        let module = test_hooks::module_of_map(&self.inputs.information.modules, path)?;
        // SAFETY: The modules do not change before the kernel runs.
        let bytes: Result<_, OutOfReach> = unsafe { direct_map::slice(module.extent) };
        Ok(Some(bytes?))
    }
}
