//! The memory of a module: a file that the boot loader loaded beside the kernel.

use super::physical_memory;
use crate::boot::hhdm_offset::OffsetMappedPhysAddr;
use core::mem;
use memory_ranges::{KernelMemoryUsageType, MemoryType, OwnershipError, PAGE_BYTES, PhysRange};
use spin::Once;
use thiserror::Error;
use x86_64::{PhysAddr, VirtAddr};

/// The owner of a file's memory after [`ModuleMemory::take`].
const MODULE: MemoryType = MemoryType::UsedByKernel(KernelMemoryUsageType::Module);

/// The owners before: of modules, and of the kernel's own file under Limine.
const AS_LOADED: [MemoryType; 2] = [
    MemoryType::UsedByKernel(KernelMemoryUsageType::KernelImage),
    MemoryType::UsedByLimine,
];

/// The memory of the kernel's image, whose owner is [`AS_LOADED`]'s first too. Set by `memory::init`.
static KERNEL_IMAGE: Once<PhysRange> = Once::new();

/// A file in memory. Dropping it frees the memory.
#[derive(Debug)]
pub struct ModuleMemory {
    frames: PhysRange,
    bytes: &'static [u8],
}

/// Why a file's memory cannot be taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TakeModuleError {
    #[error("the file is empty")]
    Empty,
    #[error("the file does not begin with a frame: {0:#x}")]
    Address(VirtAddr),
    #[error("the boot loader says that it lies at {0:?}, where the kernel is")]
    IsKernel(PhysRange),
    #[error("its memory cannot be taken over: {0}")]
    Owner(OwnershipError),
    #[error("memory is not set up yet")]
    NotReady,
}

pub(super) fn set_kernel_image(range: PhysRange) {
    KERNEL_IMAGE.call_once(|| range);
}

impl ModuleMemory {
    /// Takes over a file's memory. From now on only this value may access the content.
    pub fn take(content: &'static [u8]) -> Result<Self, TakeModuleError> {
        if content.is_empty() {
            return Err(TakeModuleError::Empty);
        }
        let address = VirtAddr::from_ptr(content.as_ptr());
        let offset = address.as_u64().checked_sub(PhysAddr::zero().offset_mapped().as_u64());
        let start = offset.and_then(|offset| PhysAddr::try_new(offset).ok());
        let size_bytes = (content.len() as u64).next_multiple_of(PAGE_BYTES);
        let frames = start.and_then(|start| PhysRange::new(start, size_bytes).ok());
        let frames = frames.ok_or(TakeModuleError::Address(address))?;
        let kernel = KERNEL_IMAGE.get().ok_or(TakeModuleError::NotReady)?;
        if kernel.intersection(frames).is_some() {
            return Err(TakeModuleError::IsKernel(frames));
        }
        let mut memory = physical_memory::lock().ok_or(TakeModuleError::NotReady)?;
        let [of_module, of_boot_loader] = AS_LOADED;
        memory
            .change_owner(frames, of_module, MODULE)
            .or_else(|_| memory.change_owner(frames, of_boot_loader, MODULE))
            .map_err(TakeModuleError::Owner)?;
        Ok(Self { frames, bytes: content })
    }

    pub fn bytes(&self) -> &[u8] {
        self.bytes
    }

    /// Keeps the file for good.
    pub fn keep(self) -> &'static [u8] {
        let bytes = self.bytes;
        mem::forget(self);
        bytes
    }

    /// The physical address of the byte at this offset in the file.
    pub fn physical(&self, offset_bytes: u64) -> PhysAddr {
        self.frames.start() + offset_bytes
    }
}

impl Drop for ModuleMemory {
    fn drop(&mut self) {
        let Some(mut memory) = physical_memory::lock() else {
            return;
        };
        // SAFETY: The frames were taken over. References to them borrow this value, so none is left.
        let freed = unsafe { memory.free(self.frames, MODULE) };
        // Logging is forbidden under the lock.
        drop(memory);
        if let Err(error) = freed {
            log::error!("The module's memory at {:?} cannot be freed: {error}", self.frames);
        }
    }
}
