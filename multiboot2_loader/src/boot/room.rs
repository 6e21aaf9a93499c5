//! The memory that the loader takes for the kernel's start, and the page tables that show it.

use multiboot2_loader_core::address::{Extent, PAGE_SIZE_BYTES, PhysAddr, VirtAddr};
use multiboot2_loader_core::memory_map::{Allocation, FrozenMemoryMap, MemoryMap, RangeKind};
use multiboot2_loader_core::page_tables::{self, AddressSpace};
use multiboot2_loader_core::pool;

use super::answers::AnswerSize;
use super::processor_plan::ProcessorPlan;
use crate::direct_map::DirectMap;
use crate::error::BootError;

/// Page 0 holds the interrupt vectors of real mode.
const REAL_MODE_START: PhysAddr = PhysAddr::new(PAGE_SIZE_BYTES);
/// Real mode reaches below this; what lies above belongs to the firmware (the extended BIOS data area).
const REAL_MODE_END: PhysAddr = PhysAddr::new(0x9_f000);
/// The last GiB below 4 GiB is uncached in the loader's page tables, being mostly devices.
const CACHED_END: PhysAddr = PhysAddr::new(0xc000_0000);
/// From 1 MiB on there are no holes of old.
const LOW_MEMORY_END: PhysAddr = PhysAddr::new(0x10_0000);

/// How many ranges the pool and the page tables add at the most, with some to spare.
const ROOM_FOR_RANGES: usize = 16;

/// What was taken, page tables apart.
#[derive(Debug)]
pub(super) struct Room {
    /// For responses and other small things.
    pub(super) pool: Extent,
    /// Where the first processor's stack begins, going down.
    pub(super) stack_top: VirtAddr,
    /// For the other processors, if there are any.
    pub(super) others: Option<RoomForOthers>,
}

/// Memory for the other processors.
#[derive(Debug)]
pub(super) struct RoomForOthers {
    /// A page that real mode reaches.
    pub(super) trampoline: PhysAddr,
    /// Their stacks, side by side.
    stacks: PhysAddr,
    /// The size of one stack.
    stack_size_bytes: u64,
}

impl Room {
    /// Takes everything.
    pub(super) fn take(
        map: &mut MemoryMap,
        plan: &ProcessorPlan,
        stack_size_bytes: u64,
        answers: AnswerSize,
    ) -> Result<Self, BootError> {
        let other_count = plan.others().count();
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
    /// Takes memory for so many processors.
    fn take(map: &mut MemoryMap, stack_size_bytes: u64, count: usize) -> Result<Self, BootError> {
        let low = reclaimable("starting processors", PAGE_SIZE_BYTES).within(REAL_MODE_START, REAL_MODE_END);
        let stacks = reclaimable("the stacks of the other processors", stack_size_bytes * count as u64);
        Ok(Self {
            trampoline: map.allocate(&low)?,
            stacks: map.allocate(&stacks)?,
            stack_size_bytes,
        })
    }

    /// Where one of the stacks begins, going down.
    pub(super) fn stack_top(&self, number: usize) -> VirtAddr {
        let lowest = self.stacks.hhdm_alias().as_u64();
        VirtAddr::new(lowest + self.stack_size_bytes * (number as u64 + 1))
    }
}

/// A wish for memory that the kernel gets back.
const fn reclaimable(purpose: &'static str, size_bytes: u64) -> Allocation {
    reachable(Allocation::new(purpose, size_bytes, RangeKind::BootloaderReclaimable))
}

/// The same wish, for memory that the loader can use at full speed.
pub(super) const fn reachable(wish: Allocation) -> Allocation {
    wish.within(LOW_MEMORY_END, CACHED_END)
}

/// Takes memory for the page tables of `kernel`, ends all changes to the map, and writes the tables.
pub(super) fn build_page_tables<'a>(
    map: &'a mut MemoryMap,
    memory: &mut DirectMap,
    kernel: &AddressSpace<'_>,
) -> Result<(PhysAddr, FrozenMemoryMap<'a>), BootError> {
    // Taking memory for the tables changes what the memory is called, not whether and how it is shown.
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
