//! Validates what GRUB hands over.

use multiboot2_loader_core::address::Extent;
use multiboot2_loader_core::boot_information::{self, BootInformation};
use multiboot2_loader_core::frame_buffer::{self, FrameBuffer};
use multiboot2_loader_core::physical_memory::PhysicalMemory;

use spin::Once;

use crate::console;
use crate::direct_map::{self, DirectMap};
use crate::entry::Handover;
use crate::error::BootError;

/// Index of the kernel: our `grub.cfg` loads it as the first module.
pub(super) const KERNEL_MODULE: usize = 0;

/// Set once, by [`Inputs::read`]. A static, so that errors can name what GRUB loaded.
static INPUTS: Once<Inputs> = Once::new();

/// The input from GRUB.
#[derive(Debug)]
pub(super) struct Inputs {
    /// Address range of the boot information.
    pub(super) extent: Extent,
    /// The parsed boot information.
    pub(super) information: BootInformation<'static>,
    /// The frame buffer, if it is valid.
    pub(super) screen: Option<FrameBuffer>,
}

impl Inputs {
    /// Reads the boot information, the screen first, so that later errors are shown there.
    pub(super) fn read(memory: &DirectMap, handover: &Handover) -> Result<&'static Self, BootError> {
        let address = handover.boot_information();
        let size_bytes = boot_information::total_size_bytes(memory.read_array(address)?)?;
        let extent = Extent::new(address, size_bytes as u64);
        // SAFETY: The boot information becomes boot loader memory, and the loader does not write to it.
        let bytes: &'static [u8] = unsafe { direct_map::slice(extent) }?;
        let screen = find_screen(bytes);
        let information = BootInformation::parse(bytes)?;
        if information.efi_is_32_bit {
            return Err(BootError::Efi32);
        }
        if information.boot_services_run {
            return Err(BootError::BootServicesRun);
        }
        Ok(INPUTS.call_once(|| Self {
            extent,
            information,
            screen,
        }))
    }

    /// Returns the kernel's command line, which follows its path in `grub.cfg`.
    pub(super) fn kernel_command_line(&self) -> &'static str {
        self.information
            .modules
            .get(KERNEL_MODULE)
            .map_or("", |kernel| kernel.string)
    }
}

/// Returns the frame buffer, if it is valid.
fn find_screen(boot_information: &[u8]) -> Option<FrameBuffer> {
    let Some(tag) = boot_information::find_frame_buffer(boot_information) else {
        console::warn(format_args!("no frame buffer"));
        return None;
    };
    match frame_buffer::accept(&tag) {
        Ok(screen) => {
            console::use_screen(screen);
            Some(screen)
        }
        Err(refusal) => {
            console::warn(format_args!("{refusal}"));
            console::use_text_screen(&tag);
            None
        }
    }
}
