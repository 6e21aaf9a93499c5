//! The memory that the loader takes for the kernel's start, and the page tables that show it.

use multiboot2_loader_core::address::{Extent, PAGE_SIZE_BYTES, PhysAddr, VirtAddr};
use multiboot2_loader_core::memory_map::{Allocation, FrozenMemoryMap, MemoryMap, RangeKind};
use multiboot2_loader_core::page_tables::{self, AddressSpace};
use multiboot2_loader_core::pool;

use super::answers::AnswerSize;
use super::processor_plan::ProcessorPlan;
use crate::direct_map::DirectMap;
use crate::error::BootError;

/// Real mode reaches below this; what lies above belongs to the firmware (the extended BIOS data area).
const REAL_MODE_END: PhysAddr = PhysAddr::new(0x9_f000);
/// The last GiB below 4 GiB is uncached in the loader's page tables, being mostly devices.
const CACHED_END: PhysAddr = PhysAddr::new(0xc000_0000);
/// From 1 MiB on there are no holes of old.
const LOW_MEMORY_END: PhysAddr = PhysAddr::new(0x10_0000);

/// What was taken, page tables apart.
#[derive(Debug)]
pub(super) struct Room {
    /// For responses and other small things.
    pub(super) pool: Extent,
    /// Where the first processor's stack begins.
    pub(super) stack_top: VirtAddr,
    /// The other processors' stacks, side by side: the lowest address and the size of one.
    pub(super) other_stacks: Option<(PhysAddr, u64)>,
    /// A page that real mode reaches, if there are other processors.
    pub(super) trampoline: Option<PhysAddr>,
}

impl Room {
    /// Takes everything.
    pub(super) fn take(
        map: &mut MemoryMap,
        plan: &ProcessorPlan,
        stack_size_bytes: u64,
        answers: AnswerSize,
    ) -> Result<Self, BootError> {
        let others = plan.others().count();
        let trampoline = match others {
            0 => None,
            _ => Some(
                map.allocate(
                    &Allocation::new("starting processors", PAGE_SIZE_BYTES, RangeKind::BootloaderReclaimable)
                        .within(PhysAddr::new(PAGE_SIZE_BYTES), REAL_MODE_END),
                )?,
            ),
        };
        let mut take = |purpose, size_bytes| {
            map.allocate(&reachable(Allocation::new(
                purpose,
                size_bytes,
                RangeKind::BootloaderReclaimable,
            )))
        };
        let stack = take("the stack", stack_size_bytes)?;
        let other_stacks = match others {
            0 => None,
            _ => {
                let base = take("the stacks of the other processors", stack_size_bytes * others as u64)?;
                Some((base, stack_size_bytes))
            }
        };
        let ranges = map.ranges().len() + ROOM_FOR_RANGES;
        let pool_size_bytes = pool::size_bytes(others + 1, ranges.max(answers.map_entries), answers.string_bytes);
        let pool = Allocation::new("the responses", pool_size_bytes, RangeKind::BootloaderReclaimable);
        let pool = map.allocate(&reachable(pool))?;
        Ok(Self {
            pool: Extent::new(pool, pool_size_bytes),
            stack_top: VirtAddr::new(stack.hhdm_alias().as_u64() + stack_size_bytes),
            other_stacks,
            trampoline,
        })
    }
}

impl Room {
    /// Where one of the other processors' stacks begins.
    pub(super) fn other_stack_top(&self, number: usize) -> Option<VirtAddr> {
        let (base, size_bytes) = self.other_stacks?;
        base.hhdm_alias().checked_add(size_bytes * (number as u64 + 1))
    }
}

/// How many ranges the pool and the page tables add at the most, with some to spare.
const ROOM_FOR_RANGES: usize = 16;

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
    let wish = Allocation::new("the page tables", size_bytes, RangeKind::BootloaderReclaimable);
    let base = map.allocate(&reachable(wish))?;
    let map = map.freeze();
    let space = AddressSpace {
        ranges: map.ranges(),
        ..*kernel
    };
    let top = page_tables::build(&space, memory, Extent::new(base, size_bytes))?;
    Ok((top, map))
}
