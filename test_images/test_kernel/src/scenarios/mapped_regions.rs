//! Ranges of the kernel's address space that are given out and come back.

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

/// Bytes of the regions: not a whole number of pages.
const SIZE_BYTES: u64 = 10_000;

/// What is written: it could be an address.
const WORD: u64 = 0x0000_4567_89ab_cdef;

/// Who takes all memory.
const HOARDER: MemoryType = MemoryType::UsedByKernel(KernelMemoryUsageType::Dma);

/// The local APIC's registers, as every processor has them after a reset (Intel SDM vol. 3, section 12.4.1).
const LOCAL_APIC: PhysAddr = PhysAddr::new(0xfee0_0000);

/// Maps memory and a device's registers, uses them, and gives them back: all memory is there again.
pub(super) fn map_and_give_back() {
    // The bookkeeping's own memory is taken by a first round.
    drop(map());
    mapped_region::bury_dead_regions();
    let before = in_use();
    for _ in 0..100 {
        let region = map();
        let (start, end) = (region.start(), region.start() + region.size_bytes());
        // SAFETY: The region is mapped and nobody else knows it.
        let first = unsafe { start.as_ptr::<u64>().read_volatile() };
        assert_eq!(first, 0, "the memory is not zeroed");
        // SAFETY: As before: these are its last bytes.
        unsafe { (end - 8).as_mut_ptr::<u64>().write_volatile(WORD) };
        drop(region);
    }
    // SAFETY: These are a device's registers.
    let device = unsafe { MappedRegion::mmio(LOCAL_APIC + 0x20, 4) };
    let (region, address) = device.expect("there is room for a page");
    log::info!("Registers at {address:?}, region of {} bytes", region.size_bytes());
    drop(region);
    mapped_region::bury_dead_regions();
    log::info!("Regions came back: {}", before == in_use());
}

/// Takes all memory but what waits in a dead region, and maps a region: that memory is not missed.
pub(super) fn map_what_waits() {
    while super::physical_memory::has_boot_loader_memory() {
        hint::spin_loop();
    }
    mapped_region::bury_dead_regions();
    let region = map();
    let mut hoard = Vec::with_capacity(1024);
    while let Ok(range) = lock().allocate_up_to(1 << 40, HOARDER) {
        hoard.push(range);
    }
    drop(region);
    let again = MappedRegion::ram(SIZE_BYTES, KernelMemoryUsageType::Stack);
    for range in hoard {
        // SAFETY: Nobody has used it.
        let freed = unsafe { lock().free(range, HOARDER) };
        assert_eq!(freed, Ok(()), "memory cannot be given back");
    }
    log::info!("Mapped what waited: {}", again.is_ok());
}

/// The owners of all memory, locked.
fn lock() -> IrqSpinLockGuard<'static, PhysicalMemory> {
    physical_memory::lock().expect("memory is set up")
}

/// Writes before the beginning of the upper one of two regions, where its guard is.
pub(super) fn write_before() {
    let [_lower, upper] = map_two();
    write_to(upper.start() - 8);
}

/// Writes behind the end of the lower one of two regions, where its guard is.
pub(super) fn write_behind() {
    let [lower, _upper] = map_two();
    write_to(lower.start() + lower.size_bytes());
}

/// Writes to a region that was given back.
pub(super) fn write_to_a_dead_one() {
    let start = map().start();
    write_to(start);
}

/// Writes, which faults.
fn write_to(address: VirtAddr) {
    log::info!("Writing to {address:?}");
    // SAFETY: It faults, which is what the scenario is for.
    unsafe { address.as_mut_ptr::<u64>().write_volatile(WORD) };
    log::error!("Wrote outside of a region");
}

/// Maps memory twice, the lower region first: without guards the two could touch.
fn map_two() -> [MappedRegion; 2] {
    let mut regions = [map(), map()];
    regions.sort_by_key(MappedRegion::start);
    regions
}

/// Maps some memory.
fn map() -> MappedRegion {
    MappedRegion::ram(SIZE_BYTES, KernelMemoryUsageType::Stack).expect("there is memory for a region")
}

/// Bytes of the map that the regions' owner has, and frames in use (page tables are among them).
fn in_use() -> (u64, i64) {
    let memory = lock();
    let owner = MemoryType::UsedByKernel(KernelMemoryUsageType::Stack);
    let mut statistics = memory.statistics(frame_allocator::frames_in_use_by_owner());
    let bytes = statistics.find(|(other, _)| *other == owner);
    (bytes.map_or(0, |(_, bytes)| bytes), frame_allocator::frames_in_use())
}

/// Freed memory does not keep what it held, in a debug build: whoever uses it all the same comes to grief.
pub(super) fn poison() {
    let frame = frame_allocator::allocate_frame(FrameUse::Other).expect("there is a frame");
    let words = kernel::boot::hhdm_offset::OffsetMappedPhysAddr::offset_mapped(frame.start_address());
    let pointer = words.as_mut_ptr::<[u64; 512]>();
    // SAFETY: The frame was just allocated, and all RAM is in the direct map.
    unsafe { pointer.write_volatile([WORD; 512]) };
    // SAFETY: It was allocated there.
    unsafe { frame_allocator::free_frame(frame, FrameUse::Other) };
    // SAFETY: Reading RAM changes nothing, whoever's it is: the frame is in this processor's cache, and nobody takes it.
    let left = unsafe { pointer.read_volatile() };
    let is_poisoned = left.iter().all(|word| VirtAddr::try_new(*word).is_err());
    log::info!("Freed memory holds addresses that are none: {is_poisoned}");
    hint::black_box(left);
}
