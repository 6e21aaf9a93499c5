//! The memory of a file that the boot loader loaded, taken over from it.

use super::physical_memory;
use crate::boot::{hhdm_offset::OffsetMappedPhysAddr, module::Module};
use alloc::vec::Vec;
use core::{fmt, ops::Range};
use elf_load_plan::ModuleFrames;
use memory_ranges::{KernelMemoryUsageType, MemoryType, OwnershipError, PAGE_BYTES, PhysRange};
use spin::Once;
use x86_64::{PhysAddr, VirtAddr};

/// How the map knows it once it is taken over.
const MODULE: MemoryType = MemoryType::UsedByKernel(KernelMemoryUsageType::Module);

/// How the map knows it before.
const AS_LOADED: MemoryType = MemoryType::UsedByKernel(KernelMemoryUsageType::KernelImage);

/// Set when memory is set up: where the kernel itself lies, to which the map gives the same owner.
static KERNEL_IMAGE: Once<PhysRange> = Once::new();

/// A file in memory: whole, or those of its frames that were kept. Dropping it gives them back.
#[derive(Debug)]
pub struct ModuleMemory {
    /// Where the file begins.
    start: PhysAddr,
    /// The frames that are kept, in ascending order.
    kept: Vec<PhysRange>,
    /// How long the file is.
    size_bytes: u64,
}

/// Why the memory of a file cannot be taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakeModuleError {
    /// The file is empty.
    Empty,
    /// The file does not begin with a frame of the direct map's.
    Address(VirtAddr),
    /// It is said to lie where the kernel does.
    IsKernel(PhysRange),
    /// The memory is not the boot loader's to hand over, or somebody has taken it over before.
    Owner(OwnershipError),
    /// The map of memory is not set up yet.
    NotReady,
}

/// Says where the kernel lies.
pub(super) fn set_kernel_image(range: PhysRange) {
    KERNEL_IMAGE.call_once(|| range);
}

impl ModuleMemory {
    /// Takes a file's memory over. Who has the module's content from before may not use it any more.
    pub fn take(module: &Module) -> Result<Self, TakeModuleError> {
        let size_bytes = module.content.len() as u64;
        if size_bytes == 0 {
            return Err(TakeModuleError::Empty);
        }
        let address = VirtAddr::from_ptr(module.content.as_ptr());
        let offset = address.as_u64().checked_sub(PhysAddr::zero().offset_mapped().as_u64());
        let start = offset.and_then(|offset| PhysAddr::try_new(offset).ok());
        let whole = start.and_then(|start| PhysRange::new(start, size_bytes.next_multiple_of(PAGE_BYTES)).ok());
        let whole = whole.ok_or(TakeModuleError::Address(address))?;
        let kernel = KERNEL_IMAGE.get().ok_or(TakeModuleError::NotReady)?;
        if kernel.intersection(whole).is_some() {
            return Err(TakeModuleError::IsKernel(whole));
        }
        let mut memory = physical_memory::lock().ok_or(TakeModuleError::NotReady)?;
        memory
            .change_owner(whole, AS_LOADED, MODULE)
            .map_err(TakeModuleError::Owner)?;
        drop(memory);
        Ok(Self {
            start: whole.start(),
            kept: Vec::from([whole]),
            size_bytes,
        })
    }

    /// Bytes of the file, if all their frames are kept and side by side.
    pub fn bytes(&self, range: Range<u64>) -> Option<&[u8]> {
        let length = range.end.checked_sub(range.start)?;
        if range.end > self.size_bytes || length == 0 {
            return None;
        }
        let (first, last) = (self.start + range.start, self.start + (range.end - 1));
        let are_kept = |kept: &PhysRange| kept.start() <= first && last <= kept.last();
        if !self.kept.iter().any(are_kept) {
            return None;
        }
        // SAFETY: The frames are kept for as long as this value stays as it is, and nobody writes to them; all RAM is in the
        // direct map.
        Some(unsafe { core::slice::from_raw_parts(first.offset_mapped().as_ptr(), usize::try_from(length).ok()?) })
    }

    /// All of the file, as long as nothing was given back.
    pub fn whole(&self) -> Option<&[u8]> {
        self.bytes(0..self.size_bytes)
    }

    /// The physical address of a place in the file.
    pub fn physical(&self, offset_bytes: u64) -> PhysAddr {
        self.start + offset_bytes
    }

    /// Gives back all frames but these, which come in ascending order.
    pub fn keep_only(&mut self, needed: impl Iterator<Item = ModuleFrames>) {
        let ranges = needed.map(|frames| PhysRange::new(self.physical(frames.offset_bytes()), frames.size_bytes()));
        let needed: Vec<PhysRange> = ranges.filter_map(Result::ok).collect();
        for kept in core::mem::take(&mut self.kept) {
            let mut start = kept.start();
            let within = needed.iter().filter_map(|range| range.intersection(kept));
            for range in within {
                give_back(start, range.start());
                start = range.start() + range.size_bytes();
                self.kept.push(range);
            }
            give_back(start, kept.start() + kept.size_bytes());
        }
    }
}

impl Drop for ModuleMemory {
    fn drop(&mut self) {
        for kept in &self.kept {
            give_back(kept.start(), kept.start() + kept.size_bytes());
        }
    }
}

/// Gives back what lies between two frames' beginnings, if anything does.
fn give_back(start: PhysAddr, end: PhysAddr) {
    let Ok(range) = PhysRange::new(start, end - start) else {
        return;
    };
    let Some(mut memory) = physical_memory::lock() else {
        return;
    };
    // SAFETY: The frames were taken over, and nobody has a reference to them: bytes are borrowed from the value that gives them
    // back.
    let freed = unsafe { memory.free(range, MODULE) };
    // Nothing is logged under the lock.
    drop(memory);
    if let Err(error) = freed {
        log::error!("Memory of a module cannot be given back: {error:?}");
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
