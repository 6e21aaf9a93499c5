//! Allocates the memory for the kernel's start, and builds the page tables that map it.

use multiboot2_loader_core::address::{Extent, PAGE_SIZE_BYTES, PhysAddr, VirtAddr};
use multiboot2_loader_core::memory_map::{Allocation, FrozenMemoryMap, MemoryMap, RangeKind};
use multiboot2_loader_core::page_tables::{self, AddressSpace};
use multiboot2_loader_core::pool;

use crate::direct_map::DirectMap;
use crate::error::BootError;

/// Page 0 holds the interrupt vectors of real mode.
const REAL_MODE_START: PhysAddr = PhysAddr::new(PAGE_SIZE_BYTES);
/// End of the memory for real mode (exclusive); above it is the extended BIOS data area of the firmware.
const REAL_MODE_END: PhysAddr = PhysAddr::new(0x9_f000);
/// The last GiB below 4 GiB holds mostly devices, so it is uncached in the loader's page tables.
const CACHED_END: PhysAddr = PhysAddr::new(0xc000_0000);
/// From 1 MiB on there are no legacy holes.
const LOW_MEMORY_END: PhysAddr = PhysAddr::new(0x10_0000);

/// Maximum number of ranges that pool and page tables add, with a margin.
const ROOM_FOR_RANGES: usize = 16;

/// Sizes of the variable parts of the responses.
#[derive(Clone, Copy, Debug)]
pub(super) struct AnswerSize {
    /// Number of entries in the memory map of a test.
    pub(super) map_entries: usize,
    /// Total size of all strings.
    pub(super) string_bytes: usize,
}

/// The allocated memory, without the page tables.
#[derive(Debug)]
pub(super) struct Room {
    /// For responses and small records.
    pub(super) pool: Extent,
    /// Top of the BSP's stack.
    pub(super) stack_top: VirtAddr,
    /// For the APs, if there are any.
    pub(super) others: Option<RoomForOthers>,
}

/// Memory for the APs.
#[derive(Debug)]
pub(super) struct RoomForOthers {
    /// A page for real mode.
    pub(super) trampoline: PhysAddr,
    /// Their stacks, contiguous.
    stacks: PhysAddr,
    /// The size of one stack.
    stack_size_bytes: u64,
}

impl Room {
    /// Allocates everything, for the BSP and `other_count` APs.
    pub(super) fn take(
        map: &mut MemoryMap,
        other_count: usize,
        stack_size_bytes: u64,
        answers: AnswerSize,
    ) -> Result<Self, BootError> {
        let others = match other_count {
            0 => None,
            _ => Some(RoomForOthers::take(map, stack_size_bytes, other_count)?),
        };
        let stack = map.allocate(&reclaimable("the stack", stack_size_bytes))?;
        let ranges = map.ranges().len() + ROOM_FOR_RANGES;
        let pool_size_bytes = pool::size_bytes(other_count + 1, ranges.max(answers.map_entries), answers.string_bytes);
        let pool = map.allocate(&reclaimable("the responses", pool_size_bytes))?;
        Ok(Self {
            pool: Extent::new(pool, pool_size_bytes),
            stack_top: VirtAddr::new(stack.hhdm_alias().as_u64() + stack_size_bytes),
            others,
        })
    }
}

impl RoomForOthers {
    /// Allocates memory for a number of APs.
    fn take(map: &mut MemoryMap, stack_size_bytes: u64, count: usize) -> Result<Self, BootError> {
        let low = reclaimable("starting processors", PAGE_SIZE_BYTES).within(REAL_MODE_START, REAL_MODE_END);
        let stacks = reclaimable("the stacks of the other processors", stack_size_bytes * count as u64);
        Ok(Self {
            trampoline: map.allocate(&low)?,
            stacks: map.allocate(&stacks)?,
            stack_size_bytes,
        })
    }

    /// Returns the top of a stack.
    pub(super) fn stack_top(&self, number: usize) -> VirtAddr {
        let lowest = self.stacks.hhdm_alias().as_u64();
        VirtAddr::new(lowest + self.stack_size_bytes * (number as u64 + 1))
    }
}

/// A request for memory that the kernel can reclaim.
const fn reclaimable(purpose: &'static str, size_bytes: u64) -> Allocation {
    reachable(Allocation::new(purpose, size_bytes, RangeKind::BootloaderReclaimable))
}

/// A request for reclaimable memory that is cached in the loader's page tables.
pub(super) const fn reachable(wish: Allocation) -> Allocation {
    wish.within(LOW_MEMORY_END, CACHED_END)
}

/// Allocates memory for the page tables of `kernel`, freezes the map, and writes the tables.
pub(super) fn build_page_tables<'a>(
    map: &'a mut MemoryMap,
    memory: &mut DirectMap,
    kernel: &AddressSpace<'_>,
) -> Result<(PhysAddr, FrozenMemoryMap<'a>), BootError> {
    // The allocation for the tables changes the kind of the memory, but not whether and how it is mapped.
    let frames = page_tables::count_frames(&AddressSpace {
        ranges: map.ranges(),
        ..*kernel
    });
    let size_bytes = frames * PAGE_SIZE_BYTES;
    let base = map.allocate(&reclaimable("the page tables", size_bytes))?;
    let map = map.freeze();
    let space = AddressSpace {
        ranges: map.ranges(),
        ..*kernel
    };
    let top = page_tables::build(&space, memory, Extent::new(base, size_bytes))?;
    Ok((top, map))
}
