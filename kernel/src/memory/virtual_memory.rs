//! The kernel's address space: which ranges of it are given out, and what they lead to.
//!
//! Lock order: this, then a frame cache, then physical memory, then the heap. A region that is given back is unmapped, but
//! its addresses and its memory wait until no processor remembers that they belonged together. Many wait for one shootdown.

pub use super::create_page_tables::{READ_EXECUTE, READ_ONLY, READ_WRITE};
use super::{
    address_space,
    create_page_tables::REGISTERS,
    kernel_table::KernelTable,
    owned_ram::{AllocateRamError, OwnedRam},
    physical_memory, shootdown,
};
use crate::sync::{IrqSpinLock, IrqSpinLockGuard};
use arrayvec::ArrayVec;
use core::{fmt, mem};
use ez_paging::{ConfigurableFlags, ManagedL4PageTable, MapRangeError, OutOfFrames, UnmapRangeError};
use memory_ranges::{
    AllocatePagesError, KernelMemoryUsageType, MemoryType, PAGE_BYTES, PhysRange, VirtRange, VirtualAllocation,
    VirtualRanges,
};
use spin::Once;
use x86_64::{PhysAddr, VirtAddr, instructions::tlb};

/// Set once, by [`init`], on the BSP.
static VIRTUAL_MEMORY: Once<IrqSpinLock<VirtualMemory>> = Once::new();

/// The kernel's address space.
pub struct VirtualMemory {
    /// Which ranges are given out.
    ranges: VirtualRanges,
    /// What they lead to.
    table: KernelTable,
    /// What was unmapped, and may be remembered by other processors.
    dead_regions: ArrayVec<DeadRegion, MAX_DEAD_REGIONS>,
}

/// What is left of a region that was unmapped. Dropping it gives the memory back, the addresses are another matter.
struct DeadRegion {
    /// The range with its guards.
    whole: VirtRange,
    /// The memory, if it belonged to the region.
    _memory: Option<OwnedRam>,
}

/// Unmapped pages before and after each region.
const GUARD_PAGES: u64 = 1;

/// So many dead regions wait for a shootdown at most.
const MAX_DEAD_REGIONS: usize = 32;

/// A dead region so large, with its guards, does not wait: its memory may be missed.
const LARGE_REGION_BYTES: u64 = 256 * 1024;

/// Why memory was not mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapRegionError {
    /// The kernel's address space is not set up yet.
    NotReady,
    /// There is no room in the address space.
    NoRoom(AllocatePagesError),
    /// There is not enough memory.
    NoMemory(AllocateRamError),
    /// The page tables refuse.
    Map(MapRangeError),
    /// There can be no registers.
    NoAddress {
        /// Where they were to be.
        start: PhysAddr,
    },
    /// There are no registers, but RAM.
    Ram {
        /// Where they were to be.
        start: PhysAddr,
    },
}

/// A range of the kernel's address space, with what it leads to. Dropping it unmaps it and gives its memory back.
#[derive(Debug)]
pub struct MappedRegion {
    /// The range with its guards.
    allocation: VirtualAllocation,
    /// The memory, if it belongs to the region.
    memory: Option<OwnedRam>,
}

impl fmt::Display for MapRegionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReady => formatter.write_str("the address space is not set up yet"),
            Self::NoRoom(error) => write!(formatter, "there is no room in the address space: {error:?}"),
            Self::NoMemory(error) => write!(formatter, "there is not enough memory: {error:?}"),
            Self::Map(error) => write!(formatter, "the page tables refuse: {error:?}"),
            Self::NoAddress { start } => write!(formatter, "there can be no registers at {start:#x}"),
            Self::Ram { start } => write!(formatter, "there is RAM at {start:#x}, and no registers"),
        }
    }
}

impl From<AllocateRamError> for MapRegionError {
    fn from(error: AllocateRamError) -> Self {
        Self::NoMemory(error)
    }
}

/// Starts the kernel's address space, and makes this processor use it.
///
/// # Safety
///
/// The table maps everything that the kernel uses from here on, where it uses it.
pub(super) unsafe fn init(table: KernelTable) {
    let start = VirtAddr::new_truncate(address_space::RANGES_START);
    let window =
        VirtRange::new(start, address_space::RANGES_SIZE).expect("the window is whole pages of the higher half");
    let ranges = VirtualRanges::new(window);
    VIRTUAL_MEMORY.call_once(|| {
        IrqSpinLock::new(VirtualMemory {
            ranges,
            table,
            dead_regions: ArrayVec::new_const(),
        })
    });
    // SAFETY: The caller's promise.
    unsafe { switch_to_kernel_table() };
}

/// Makes this processor use the kernel's page tables.
///
/// # Safety
///
/// EFER.NXE and the PAT are set as the tables need them, and everything that the code goes on to use is mapped there.
pub unsafe fn switch_to_kernel_table() {
    if let Some(memory) = VIRTUAL_MEMORY.get() {
        // SAFETY: The caller's promise; the table is in a static and never dropped.
        unsafe { memory.lock().table.switch_to() };
    }
}

/// A table for a program: nothing in the lower half, the kernel's mappings in the higher.
pub fn new_user_table() -> Result<KernelTable, MapRegionError> {
    let memory = lock()?;
    ManagedL4PageTable::new_user(&memory.table).map_err(|OutOfFrames| MapRegionError::Map(MapRangeError::OutOfFrames))
}

/// The address space, locked.
fn lock() -> Result<IrqSpinLockGuard<'static, VirtualMemory>, MapRegionError> {
    VIRTUAL_MEMORY
        .get()
        .map(IrqSpinLock::lock)
        .ok_or(MapRegionError::NotReady)
}

impl MappedRegion {
    /// Maps zeroed RAM, guarded on both sides. The size is rounded up to whole pages.
    pub fn ram(size_bytes: u64, usage: KernelMemoryUsageType) -> Result<Self, MapRegionError> {
        // So many bytes that they cannot be rounded up are more than there are.
        let size_bytes = size_bytes.checked_next_multiple_of(PAGE_BYTES).unwrap_or(size_bytes);
        let owner = MemoryType::UsedByKernel(usage);
        let memory = OwnedRam::allocate(size_bytes, owner).or_else(|_| {
            // What waits may be enough.
            bury_dead_regions();
            OwnedRam::allocate(size_bytes, owner)
        })?;
        let allocation = map_guarded(memory.range().start(), size_bytes, READ_WRITE)?;
        Ok(Self {
            allocation,
            memory: Some(memory),
        })
    }

    /// Maps a device's registers, uncached and guarded on both sides. Returns the region and the address of `start`. RAM is
    /// refused: whoever says that registers are there may be wrong.
    ///
    /// # Safety
    ///
    /// Whatever else is there is the caller's to read and write.
    pub unsafe fn mmio(start: PhysAddr, size_bytes: u64) -> Result<(Self, VirtAddr), MapRegionError> {
        let first_page = start.align_down(PAGE_BYTES);
        let offset = start - first_page;
        let whole_bytes = offset.checked_add(size_bytes);
        let whole_bytes = whole_bytes.and_then(|bytes| bytes.checked_next_multiple_of(PAGE_BYTES));
        let frames = whole_bytes.and_then(|bytes| PhysRange::new(first_page, bytes).ok());
        let frames = frames.ok_or(MapRegionError::NoAddress { start })?;
        let whole_bytes = frames.size_bytes();
        if physical_memory::lock().is_none_or(|memory| memory.has_ram_in(frames)) {
            return Err(MapRegionError::Ram { start });
        }
        let allocation = map_guarded(first_page, whole_bytes, REGISTERS)?;
        let address = allocation.pages.start() + offset;
        Ok((
            Self {
                allocation,
                memory: None,
            },
            address,
        ))
    }

    /// The first address.
    pub fn start(&self) -> VirtAddr {
        self.allocation.pages.start()
    }

    /// How many bytes are mapped.
    pub fn size_bytes(&self) -> u64 {
        self.allocation.pages.size_bytes()
    }
}

impl Drop for MappedRegion {
    fn drop(&mut self) {
        let Ok(mut memory) = lock() else { return };
        let pages = self.allocation.pages;
        // SAFETY: Whoever owned the region has no more use for it. Other processors may remember the pages, but nothing new
        // is mapped there, and the memory is nobody else's, before all have forgotten them.
        match unsafe { memory.table.unmap_range(pages.start(), pages.size_bytes(), |_frame| {}) } {
            Ok(flush) => flush.flush_by(tlb::flush),
            Err(error) => {
                // Nothing is logged under the lock.
                drop(memory);
                return leave_mapped(self.memory.take(), error);
            }
        }
        let dead = DeadRegion {
            whole: self.allocation.whole,
            _memory: self.memory.take(),
        };
        let is_large = dead.whole.size_bytes() >= LARGE_REGION_BYTES;
        let overflow = memory.dead_regions.try_push(dead).err().map(|full| full.element());
        if is_large || overflow.is_some() {
            let dead_regions = mem::take(&mut memory.dead_regions);
            drop(memory);
            bury(dead_regions.into_iter().chain(overflow));
        }
    }
}

/// Gives back what waits for a shootdown.
pub fn bury_dead_regions() {
    if let Ok(mut memory) = lock() {
        let dead_regions = mem::take(&mut memory.dead_regions);
        drop(memory);
        bury(dead_regions.into_iter());
    }
}

/// Gives back what is left of regions, after a shootdown. Must be called without the lock.
fn bury(dead_regions: impl Iterator<Item = DeadRegion>) {
    shootdown::flush_everywhere();
    for dead in dead_regions {
        let freed = lock().map(|mut memory| memory.ranges.free(dead.whole));
        if let Ok(Err(error)) = freed {
            log::error!("A region of the kernel cannot be given back: {error:?}");
        }
    }
}

/// Keeps a region's memory from being used for anything else, as the region cannot be unmapped. That cannot happen: what the
/// region mapped, nobody else unmaps.
fn leave_mapped(memory: Option<OwnedRam>, error: UnmapRangeError) {
    mem::forget(memory);
    log::error!("A region of the kernel cannot be unmapped: {error:?}");
}

/// Maps physical memory at an address that nobody uses, with a guard page on either side.
fn map_guarded(
    start: PhysAddr,
    size_bytes: u64,
    flags: ConfigurableFlags,
) -> Result<VirtualAllocation, MapRegionError> {
    let mut memory = lock()?;
    let pages = size_bytes / PAGE_BYTES;
    let allocation = memory.ranges.allocate_contiguous_pages(pages, GUARD_PAGES);
    let allocation = allocation.map_err(MapRegionError::NoRoom)?;
    // SAFETY: The caller owns the memory, or it is a device's; nobody uses the address.
    let mapped = unsafe {
        memory
            .table
            .map_range(allocation.pages.start(), start, size_bytes, flags)
    };
    match mapped {
        Ok(flush) => flush.flush_by(tlb::flush),
        Err(error) => {
            // It was never mapped, so no processor remembers it.
            let _was_used = memory.ranges.free(allocation.whole);
            return Err(MapRegionError::Map(error));
        }
    }
    Ok(allocation)
}

/// Maps RAM at an address of the stacks' area.
pub(super) fn map_stack(start: VirtAddr, memory: &OwnedRam) -> Result<(), MapRegionError> {
    let mut virtual_memory = lock()?;
    let range = memory.range();
    // SAFETY: The memory is the stack's alone, and its place in the area is its own.
    let mapped = unsafe {
        virtual_memory
            .table
            .map_range(start, range.start(), range.size_bytes(), READ_WRITE)
    };
    mapped.map_err(MapRegionError::Map)?.flush_by(tlb::flush);
    Ok(())
}
