//! Single frames without a look at the map: each processor has a stock of its own.
//!
//! To the map, such a frame belongs to `FrameCache` wherever it is. A cache's lock is taken by its own processor only
//! (so it never waits), and is held with interrupts off. Lock order: cache, then physical memory.

use super::physical_memory::{self, POISON};
use crate::{boot::hhdm_offset::OffsetMappedPhysAddr, sync::InterruptLock};
use alloc::boxed::Box;
use core::sync::atomic::{AtomicU64, Ordering};
use memory_ranges::{FrameCache, KernelMemoryUsageType, MemoryType, PAGE_BYTES, PhysRange};
use spin::Once;
use x86_64::structures::paging::{PhysFrame, Size4KiB};

/// Frames that a processor keeps at most.
const CAPACITY: usize = 64;

/// One processor's frames.
type Cache = FrameCache<CAPACITY>;

/// How the map knows a frame that is, or was, in a cache.
const OWNER: MemoryType = MemoryType::UsedByKernel(KernelMemoryUsageType::FrameCache);

/// Set by the BSP before it starts any AP: one cache for each processor, by its id.
static CACHES: Once<Caches> = Once::new();

/// How many frames are allocated and not given back.
static FRAMES_IN_USE: AtomicU64 = AtomicU64::new(0);

/// All caches.
struct Caches {
    /// By the processors' ids.
    caches: Box<[InterruptLock<Cache>]>,
    /// Which processor this is.
    current_cpu_id: fn() -> u32,
}

/// Gives each processor a cache, empty.
pub fn init(cpus_count: u32, current_cpu_id: fn() -> u32) {
    let caches = (0..cpus_count).map(|_| InterruptLock::new(Cache::new())).collect();
    CACHES.call_once(|| Caches { caches, current_cpu_id });
}

/// How many frames are allocated and not given back.
pub fn frames_in_use() -> u64 {
    FRAMES_IN_USE.load(Ordering::Relaxed)
}

/// Takes a frame; what it holds is left from its last use. `None` if there is none left.
pub fn allocate_frame() -> Option<PhysFrame<Size4KiB>> {
    let frame = match own_cache() {
        Some(cache) => allocate_from(&mut cache.lock()),
        None => allocate_uncached(),
    }?;
    FRAMES_IN_USE.fetch_add(1, Ordering::Relaxed);
    Some(frame)
}

/// Gives a frame back.
///
/// # Safety
///
/// It is from [`allocate_frame`], it is given back once, and nobody uses it any more.
pub unsafe fn free_frame(frame: PhysFrame<Size4KiB>) {
    if cfg!(debug_assertions) {
        let words = frame.start_address().offset_mapped().as_mut_ptr::<[u64; 512]>();
        // SAFETY: The caller's promise: the frame is nobody's. All RAM is in the direct map.
        unsafe { words.write([POISON; 512]) };
    }
    FRAMES_IN_USE.fetch_sub(1, Ordering::Relaxed);
    match own_cache() {
        Some(cache) => free_into(&mut cache.lock(), frame),
        None => free_uncached(frame),
    }
}

/// Takes a frame from a cache, which is refilled when it is empty.
fn allocate_from(cache: &mut Cache) -> Option<PhysFrame<Size4KiB>> {
    cache.pop().or_else(|| {
        refill(cache);
        cache.pop()
    })
}

/// Puts a frame into a cache, which first gives a batch back when it is full.
fn free_into(cache: &mut Cache, frame: PhysFrame<Size4KiB>) {
    if cache.push(frame).is_err() {
        cache.drain(Cache::BATCH, give_back);
        // A batch has just made room.
        let _has_room = cache.push(frame);
    }
}

/// The cache of the processor that this runs on.
fn own_cache() -> Option<&'static InterruptLock<Cache>> {
    let caches = CACHES.get()?;
    caches.caches.get((caches.current_cpu_id)() as usize)
}

/// Fetches a batch from the map, or what there is of one in one piece.
fn refill(cache: &mut Cache) {
    let Some(mut memory) = physical_memory::lock() else {
        return;
    };
    if let Ok(range) = memory.allocate_up_to(Cache::BATCH_BYTES, OWNER) {
        // The cache is empty, and a batch fits.
        let _fits = cache.refill(range);
    }
}

/// Gives frames back to the map.
fn give_back(range: PhysRange) {
    let Some(mut memory) = physical_memory::lock() else {
        return;
    };
    // SAFETY: The frames were in a cache, so nobody uses them.
    let freed = unsafe { memory.free(range, OWNER) };
    debug_assert!(freed.is_ok(), "{freed:?}");
}

/// A frame from the map, before there are caches.
fn allocate_uncached() -> Option<PhysFrame<Size4KiB>> {
    let range = physical_memory::lock()?
        .allocate_frame_with_type(PAGE_BYTES, OWNER)
        .ok()?;
    PhysFrame::from_start_address(range.start()).ok()
}

/// A frame back to the map, before there are caches.
fn free_uncached(frame: PhysFrame<Size4KiB>) {
    if let Ok(range) = PhysRange::new(frame.start_address(), PAGE_BYTES) {
        give_back(range);
    }
}
