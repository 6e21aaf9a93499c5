//! Mapped regions: allocation, freeing, guards.

use alloc::vec::Vec;
use core::hint;
use kernel::{
    memory::{
        KernelMemoryUsageType, MemoryType,
        frame_allocator::{self, FrameUse},
        mapped_region::{self, MappedRegion},
        physical_memory::{self, PhysicalMemory},
    },
    sync::IrqSpinLockGuard,
};
use x86_64::{PhysAddr, VirtAddr};

/// Size of a region: not a whole number of pages.
const SIZE_BYTES: u64 = 10_000;

/// Test pattern, a valid address.
const WORD: u64 = 0x0000_4567_89ab_cdef;

/// Owner of the memory that the scenario allocates.
const DMA: MemoryType = MemoryType::UsedByKernel(KernelMemoryUsageType::Dma);

/// Registers of the local APIC after a reset (Intel SDM vol. 3, section 12.4.1).
const LOCAL_APIC: PhysAddr = PhysAddr::new(0xfee0_0000);

/// Maps memory and device registers, uses them, and frees them: no memory is lost.
pub(super) fn map_and_give_back() {
    // The first round allocates the bookkeeping's memory.
    drop(map());
    mapped_region::bury_dead_regions();
    let before = in_use();
    for _ in 0..100 {
        let region = map();
        let (start, end) = (region.start(), region.start() + region.size_bytes());
        // SAFETY: The region is mapped, and no other code knows it.
        let first = unsafe { start.as_ptr::<u64>().read_volatile() };
        assert_eq!(first, 0, "the memory is not zeroed");
        // SAFETY: As above: these are the region's last bytes.
        unsafe { (end - 8).as_mut_ptr::<u64>().write_volatile(WORD) };
        drop(region);
    }
    // SAFETY: The range holds device registers, no RAM.
    let device = unsafe { MappedRegion::mmio(LOCAL_APIC + 0x20, 4) };
    let (region, address) = device.expect("there is room for a page");
    log::info!("Registers at {address:?}, region of {} bytes", region.size_bytes());
    drop(region);
    mapped_region::bury_dead_regions();
    log::info!("All regions were freed: {}", before == in_use());
}

/// Allocates all memory except that of a dead region, then maps a region: it gets the dead region's memory.
pub(super) fn map_memory_of_dead_region() {
    while super::physical_memory::has_boot_loader_memory() {
        hint::spin_loop();
    }
    mapped_region::bury_dead_regions();
    let region = map();
    let mut hoard = Vec::with_capacity(1024);
    while let Ok(range) = lock().allocate_up_to(1 << 40, DMA) {
        hoard.push(range);
    }
    drop(region);
    let again = MappedRegion::ram(SIZE_BYTES, KernelMemoryUsageType::Stack);
    for range in hoard {
        // SAFETY: No code has used the memory.
        let freed = unsafe { lock().free(range, DMA) };
        assert_eq!(freed, Ok(()), "memory cannot be freed");
    }
    log::info!("Mapped the memory of a dead region: {}", again.is_ok());
}

/// Locks the physical memory.
fn lock() -> IrqSpinLockGuard<'static, PhysicalMemory> {
    physical_memory::lock().expect("memory is set up")
}

/// Writes before the upper one of two regions, to its guard page.
pub(super) fn write_before() {
    let [_lower, upper] = map_two();
    write_to(upper.start() - 8);
}

/// Writes after the lower one of two regions, to its guard page.
pub(super) fn write_after() {
    let [lower, _upper] = map_two();
    write_to(lower.start() + lower.size_bytes());
}

/// Writes to a freed region.
pub(super) fn write_to_a_dead_one() {
    let start = map().start();
    write_to(start);
}

/// Writes to an address, which faults.
fn write_to(address: VirtAddr) {
    log::info!("Writing to {address:?}");
    // SAFETY: The write faults, as the scenario intends.
    unsafe { address.as_mut_ptr::<u64>().write_volatile(WORD) };
    log::error!("Wrote outside of a region");
}

/// Maps two regions, sorted by address: without guards they could be adjacent.
fn map_two() -> [MappedRegion; 2] {
    let mut regions = [map(), map()];
    regions.sort_by_key(MappedRegion::start);
    regions
}

/// Maps a region.
fn map() -> MappedRegion {
    MappedRegion::ram(SIZE_BYTES, KernelMemoryUsageType::Stack).expect("there is memory for a region")
}

/// Returns the bytes of the regions' owner, and the number of frames in use (including page tables).
fn in_use() -> (u64, i64) {
    let memory = lock();
    let owner = MemoryType::UsedByKernel(KernelMemoryUsageType::Stack);
    let mut statistics = memory.statistics(frame_allocator::frames_in_use_by_owner());
    let bytes = statistics.find(|(other, _)| *other == owner);
    (bytes.map_or(0, |(_, bytes)| bytes), frame_allocator::frames_in_use())
}

/// Checks that a debug build poisons freed memory: a use after free then faults.
pub(super) fn poison() {
    let frame = frame_allocator::allocate_frame(FrameUse::Other).expect("there is a frame");
    let words = kernel::boot::hhdm_offset::OffsetMappedPhysAddr::offset_mapped(frame.start_address());
    let pointer = words.as_mut_ptr::<[u64; 512]>();
    // SAFETY: The frame was just allocated, and the direct map contains all RAM.
    unsafe { pointer.write_volatile([WORD; 512]) };
    // SAFETY: The frame was allocated for this use, and is not used any more.
    unsafe { frame_allocator::free_frame(frame, FrameUse::Other) };
    // SAFETY: Reading RAM changes nothing; the frame stays in this processor's cache, so no other code writes to it.
    let left = unsafe { pointer.read_volatile() };
    let is_poisoned = left.iter().all(|word| VirtAddr::try_new(*word).is_err());
    log::info!("Freed memory is poisoned: {is_poisoned}");
    hint::black_box(left);
}
