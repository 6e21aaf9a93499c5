//! A range of the kernel's address space with the RAM or device registers mapped there.
//!
//! A dropped region is unmapped at once. Its addresses and its memory are reused only after a TLB shootdown, because
//! another processor's TLB may still translate them. Several *dead regions* share one shootdown.

use super::{
    dead_region::{DeadRegion, MAX_DEAD_REGIONS},
    owned_ram::{AllocateRamError, OwnedRam},
    page_tables::{READ_WRITE, REGISTERS},
    physical_memory, shootdown,
    virtual_memory::{self, MapRegionError},
};
use arrayvec::ArrayVec;
use core::mem;
use memory_ranges::{KernelMemoryUsageType, MemoryType, PAGE_BYTES, PhysRange, VirtualAllocation};
use x86_64::{PhysAddr, VirtAddr};

/// A dead region of this size, guard pages included, does not wait: its memory is worth a shootdown.
const LARGE_REGION_BYTES: u64 = 256 * 1024;

/// A mapped range of the kernel's address space. Dropping it unmaps it and frees its memory.
#[derive(Debug)]
pub struct MappedRegion {
    allocation: VirtualAllocation,
    /// The memory, unless it belongs to a device.
    memory: Option<OwnedRam>,
}

impl MappedRegion {
    /// Maps zeroed RAM between two guard pages. The size is rounded up to whole pages.
    pub fn ram(size_bytes: u64, usage: KernelMemoryUsageType) -> Result<Self, MapRegionError> {
        // A size that cannot be rounded up is refused as too large.
        let size_bytes = size_bytes.checked_next_multiple_of(PAGE_BYTES).unwrap_or(size_bytes);
        let owner = MemoryType::UsedByKernel(usage);
        let memory = OwnedRam::allocate(size_bytes, owner).or_else(|_: AllocateRamError| {
            // The memory of dead regions may be enough.
            bury_dead_regions();
            OwnedRam::allocate(size_bytes, owner)
        })?;
        let allocation = virtual_memory::lock()?.map_guarded(memory.range(), READ_WRITE)?;
        Ok(Self {
            allocation,
            memory: Some(memory),
        })
    }

    /// Maps device registers, uncached, between two guard pages. Returns the region and the virtual address of `start`.
    /// Refuses RAM: a firmware table that names the registers may be wrong.
    ///
    /// # Safety
    ///
    /// The caller may read and write everything in the pages of these registers.
    pub unsafe fn mmio(start: PhysAddr, size_bytes: u64) -> Result<(Self, VirtAddr), MapRegionError> {
        let first_page = start.align_down(PAGE_BYTES);
        let offset = start - first_page;
        let whole_bytes = offset.checked_add(size_bytes);
        let whole_bytes = whole_bytes.and_then(|bytes| bytes.checked_next_multiple_of(PAGE_BYTES));
        let frames = whole_bytes.and_then(|bytes| PhysRange::new(first_page, bytes).ok());
        let frames = frames.ok_or(MapRegionError::NoAddress { start })?;
        if physical_memory::lock().is_none_or(|memory| memory.has_ram_in(frames)) {
            return Err(MapRegionError::Ram { start });
        }
        let allocation = virtual_memory::lock()?.map_guarded(frames, REGISTERS)?;
        let address = allocation.pages.start() + offset;
        let memory = None;
        Ok((Self { allocation, memory }, address))
    }

    pub fn start(&self) -> VirtAddr {
        self.allocation.pages.start()
    }

    pub fn size_bytes(&self) -> u64 {
        self.allocation.pages.size_bytes()
    }
}

impl Drop for MappedRegion {
    fn drop(&mut self) {
        let Ok(mut virtual_memory) = virtual_memory::lock() else {
            return;
        };
        // SAFETY: The region's owner has no more use for it. Its pages and its memory are not reused before all processors
        // have flushed them.
        if let Err(error) = unsafe { virtual_memory.unmap(self.allocation.pages) } {
            // Logging is forbidden under the lock.
            drop(virtual_memory);
            // Cannot happen: nobody else unmaps the pages of a region. Its memory must not be reused.
            mem::forget(self.memory.take());
            return log::error!("A memory region of the kernel cannot be unmapped: {error}");
        }
        let dead = DeadRegion {
            whole: self.allocation.whole,
            _memory: self.memory.take(),
        };
        let is_large = dead.whole.size_bytes() >= LARGE_REGION_BYTES;
        let overflow = virtual_memory.dead_regions.try_push(dead).err();
        if is_large || overflow.is_some() {
            let dead_regions = mem::take(&mut virtual_memory.dead_regions);
            drop(virtual_memory);
            bury(dead_regions, overflow.map(|full| full.element()));
        }
    }
}

/// Frees the dead regions, after a shootdown.
pub fn bury_dead_regions() {
    if let Ok(mut virtual_memory) = virtual_memory::lock() {
        let dead_regions = mem::take(&mut virtual_memory.dead_regions);
        drop(virtual_memory);
        bury(dead_regions, None);
    }
}

/// Frees dead regions, after a shootdown. The caller must not hold the lock.
fn bury(dead_regions: ArrayVec<DeadRegion, MAX_DEAD_REGIONS>, one_more: Option<DeadRegion>) {
    shootdown::flush_everywhere();
    for dead in dead_regions.into_iter().chain(one_more) {
        let freed = virtual_memory::lock().map(|mut virtual_memory| virtual_memory.free(dead.whole));
        if let Ok(Err(error)) = freed {
            log::error!("The addresses of a memory region cannot be freed: {error:?}");
        }
    }
}
