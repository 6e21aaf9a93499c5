//! Single 4 KiB frames: each processor allocates from a cache of its own, usually without a lock.
//!
//! In the map of physical memory these frames belong to `SingleFrames`, cached or not; counters here say what they are
//! used for. A cache fetches and returns frames in batches. It is in use while physical memory is locked, never the other
//! way round. Programs get no frames while memory is scarce: the rest is reserved for the kernel.

use super::{
    fill::{poison_frame, zero_frame},
    heap_stock,
    physical_memory::{self, SINGLE_FRAMES},
};
use crate::sync::{PerCpu, this_cpu::cpus_count};
use arrayvec::ArrayVec;
use core::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use memory_ranges::{KernelMemoryUsageType, MemoryType};
use spin::Once;
use x86_64::structures::paging::{PhysFrame, Size4KiB};

const CAPACITY: usize = 64;

/// Number of frames that a cache fetches or returns at once: half of it, so that neither a series of allocations nor a
/// series of frees needs the next batch soon.
const BATCH: usize = CAPACITY / 2;

/// One processor's free frames. The frame freed last is allocated first: its bytes may still be in the data cache.
type Cache = ArrayVec<PhysFrame<Size4KiB>, CAPACITY>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameUse {
    PageTable,
    Program,
    Other,
}

/// For each use, the number of frames that a processor has allocated minus those that it has freed.
type Counts = [AtomicI64; FrameUse::ALL.len()];

/// Whether memory was scarce at the last look. If so, the next allocation for a program looks again.
static WAS_SCARCE: AtomicBool = AtomicBool::new(false);

/// Each processor's cache and counts. Set by the BSP before it starts any AP.
static CACHES: Once<PerCpu<Cache, Counts>> = Once::new();

static UNCACHED_IN_USE: Counts = no_frames();

const fn no_frames() -> Counts {
    [const { AtomicI64::new(0) }; FrameUse::ALL.len()]
}

impl FrameUse {
    /// All uses, in the order of the counts.
    const ALL: [Self; 3] = [Self::PageTable, Self::Program, Self::Other];

    /// The owner of such frames in statistics.
    pub fn owner(self) -> MemoryType {
        match self {
            Self::PageTable => MemoryType::UsedByKernel(KernelMemoryUsageType::PageTables),
            Self::Program => MemoryType::UsedByUserMode,
            Self::Other => SINGLE_FRAMES,
        }
    }
}

pub(super) fn init() {
    CACHES.call_once(|| PerCpu::new(cpus_count(), || (Cache::new_const(), no_frames())));
}

pub fn frames_in_use() -> i64 {
    FrameUse::ALL.into_iter().map(frames_in_use_as).sum()
}

pub fn frames_in_use_as(frame_use: FrameUse) -> i64 {
    let caches = CACHES.get().into_iter().flat_map(PerCpu::shared);
    let counts = caches.chain([&UNCACHED_IN_USE]);
    counts
        .map(|counts| counts[frame_use as usize].load(Ordering::Relaxed))
        .sum()
}

/// Number of frames in use by owner, for [`physical_memory::PhysicalMemory::statistics`].
pub fn frames_in_use_by_owner() -> [(MemoryType, u64); FrameUse::ALL.len()] {
    FrameUse::ALL.map(|frame_use| {
        let frames = frames_in_use_as(frame_use);
        (frame_use.owner(), u64::try_from(frames).unwrap_or(0))
    })
}

/// Allocates a frame with arbitrary content. `None` if memory has run out.
#[inline]
pub fn allocate_frame(frame_use: FrameUse) -> Option<PhysFrame<Size4KiB>> {
    let allocate = |cache: &mut Cache, in_use: &Counts| allocate_from(cache, &in_use[frame_use as usize]);
    let cached = CACHES.get().and_then(|caches| caches.with(allocate));
    cached.unwrap_or_else(|| allocate_uncached(frame_use))
}

/// Allocates a zeroed frame for a program. `None` if no more memory is left than the kernel's reserve.
pub fn allocate_user_frame() -> Option<PhysFrame<Size4KiB>> {
    let frame = CACHES.get()?.with(allocate_for_user_from).flatten()?;
    // SAFETY: The frame was just allocated.
    unsafe { zero_frame(frame) };
    Some(frame)
}

/// Frees a frame.
///
/// # Safety
///
/// It was allocated here, for this use, it is freed once, and nobody uses it any more.
#[inline]
pub unsafe fn free_frame(frame: PhysFrame<Size4KiB>, frame_use: FrameUse) {
    // SAFETY: The caller's promise: the frame has no user, and it is not free yet.
    unsafe { poison_frame(frame) };
    let free = |cache: &mut Cache, in_use: &Counts| free_into(cache, &in_use[frame_use as usize], frame);
    let cached = CACHES.get().and_then(|caches| caches.with(free));
    if cached.is_none() {
        free_uncached(frame, frame_use);
    }
}

/// Takes a frame from a cache, and refills the cache first if it is empty.
#[inline]
fn allocate_from(cache: &mut Cache, in_use: &AtomicI64) -> Option<PhysFrame<Size4KiB>> {
    let frame = cache.pop().or_else(|| refill(cache))?;
    // Only this processor changes its count.
    in_use.store(in_use.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    Some(frame)
}

fn allocate_for_user_from(cache: &mut Cache, in_use: &Counts) -> Option<PhysFrame<Size4KiB>> {
    if (cache.is_empty() || WAS_SCARCE.load(Ordering::Relaxed)) && is_scarce_now() {
        return None;
    }
    allocate_from(cache, &in_use[FrameUse::Program as usize])
}

/// Puts a frame into a cache, and returns a batch first if the cache is full.
#[inline]
fn free_into(cache: &mut Cache, in_use: &AtomicI64, frame: PhysFrame<Size4KiB>) {
    in_use.store(in_use.load(Ordering::Relaxed) - 1, Ordering::Relaxed);
    if let Err(full) = cache.try_push(frame) {
        free_into_full(cache, full.element());
    }
}

#[cold]
fn free_into_full(cache: &mut Cache, frame: PhysFrame<Size4KiB>) {
    cache.drain(..BATCH).for_each(give_back);
    let _has_room = cache.try_push(frame);
}

#[cold]
fn is_scarce_now() -> bool {
    let is_scarce = physical_memory::lock().is_none_or(|memory| memory.is_scarce());
    WAS_SCARCE.store(is_scarce, Ordering::Relaxed);
    is_scarce
}

/// Fetches a batch into an empty cache, and takes one frame of it.
#[cold]
fn refill(cache: &mut Cache) -> Option<PhysFrame<Size4KiB>> {
    let mut memory = physical_memory::lock()?;
    memory.take_frames(BATCH, |frame| {
        let _has_room = cache.try_push(frame);
    });
    WAS_SCARCE.store(memory.is_scarce(), Ordering::Relaxed);
    drop(memory);
    // The heap may have grown: the blocks of frames are described there.
    heap_stock::refill_if_low();
    cache.pop()
}

#[cold]
fn give_back(frame: PhysFrame<Size4KiB>) {
    let Some(mut memory) = physical_memory::lock() else {
        return;
    };
    // SAFETY: The frame was in a cache, or was just freed, so nobody uses it.
    let put_back = unsafe { memory.put_back_frame(frame) };
    debug_assert!(put_back.is_ok(), "{put_back:?}");
    drop(memory);
    heap_stock::refill_if_low();
}

/// Allocates from physical memory: before there are caches, or while this processor's cache is in use.
#[cold]
fn allocate_uncached(frame_use: FrameUse) -> Option<PhysFrame<Size4KiB>> {
    let mut taken = None;
    physical_memory::lock()?.take_frames(1, |frame| taken = Some(frame));
    heap_stock::refill_if_low();
    UNCACHED_IN_USE[frame_use as usize].fetch_add(taken.iter().len() as i64, Ordering::Relaxed);
    taken
}

#[cold]
fn free_uncached(frame: PhysFrame<Size4KiB>, frame_use: FrameUse) {
    UNCACHED_IN_USE[frame_use as usize].fetch_sub(1, Ordering::Relaxed);
    give_back(frame);
}
