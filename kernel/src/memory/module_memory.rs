//! The memory of a file that the boot loader loaded, taken over from it.

use super::physical_memory;
use crate::boot::hhdm_offset::OffsetMappedPhysAddr;
use core::{fmt, mem};
use memory_ranges::{KernelMemoryUsageType, MemoryType, OwnershipError, PAGE_BYTES, PhysRange};
use spin::Once;
use x86_64::{PhysAddr, VirtAddr};

/// The owner of a file's memory once it is taken over.
const MODULE: MemoryType = MemoryType::UsedByKernel(KernelMemoryUsageType::Module);

/// The owners before: of modules, and with Limine of the kernel's file.
const AS_LOADED: [MemoryType; 2] = [
    MemoryType::UsedByKernel(KernelMemoryUsageType::KernelImage),
    MemoryType::UsedByLimine,
];

/// Set when memory is set up: where the kernel itself lies, to which the map gives the same owner.
static KERNEL_IMAGE: Once<PhysRange> = Once::new();

/// A file in memory. Dropping it frees the memory.
#[derive(Debug)]
pub struct ModuleMemory {
    /// The frames that the file lies in, from its first byte on.
    frames: PhysRange,
    /// The file.
    bytes: &'static [u8],
}

/// Why the memory of a file cannot be taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakeModuleError {
    /// The file is empty.
    Empty,
    /// The file does not begin with a frame of the direct map.
    Address(VirtAddr),
    /// The file would overlap the kernel.
    IsKernel(PhysRange),
    /// The memory is not the boot loader's to hand over, or was taken over before.
    Owner(OwnershipError),
    /// The map of memory is not set up yet.
    NotReady,
}

/// Sets where the kernel lies.
pub(super) fn set_kernel_image(range: PhysRange) {
    KERNEL_IMAGE.call_once(|| range);
}

impl ModuleMemory {
    /// Takes a file's memory over. Other references to the content may not be used any more.
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

    /// The file.
    pub fn bytes(&self) -> &[u8] {
        self.bytes
    }

    /// Keeps the file for good.
    pub fn keep(self) -> &'static [u8] {
        let bytes = self.bytes;
        mem::forget(self);
        bytes
    }

    /// The physical address of an offset in the file.
    pub fn physical(&self, offset_bytes: u64) -> PhysAddr {
        self.frames.start() + offset_bytes
    }
}

impl Drop for ModuleMemory {
    fn drop(&mut self) {
        let Some(mut memory) = physical_memory::lock() else {
            return;
        };
        // SAFETY: The frames were taken over, and there is no reference to them: bytes are borrowed from this value.
        let freed = unsafe { memory.free(self.frames, MODULE) };
        // Nothing is logged under the lock.
        drop(memory);
        if let Err(error) = freed {
            log::error!("Memory of a module cannot be freed: {error:?}");
        }
    }
}

impl fmt::Display for TakeModuleError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => formatter.write_str("the file is empty"),
            Self::Address(address) => write!(formatter, "the file does not lie in frames of its own: {address:#x}"),
            Self::IsKernel(range) => write!(formatter, "the file is said to lie where the kernel does: {range:?}"),
            Self::Owner(error) => write!(formatter, "the file's memory cannot be taken over: {error:?}"),
            Self::NotReady => formatter.write_str("memory is not set up yet"),
        }
    }
}
