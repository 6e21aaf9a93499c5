//! Single frames without a look at the map: each processor has a stock of its own.
//!
//! To the map, such a frame belongs to `SingleFrames` wherever it is. Physical memory's lock is taken while a stock is in
//! use, never the other way round.
//!
//! A program gets no frame while memory is scarce: what is left then is the kernel's.

use super::{
    heap_stock,
    physical_memory::{self, POISON, SINGLE_FRAMES},
};
use crate::{
    boot::hhdm_offset::OffsetMappedPhysAddr,
    sync::{PerCpu, this_cpu::cpus_count},
};
use arrayvec::ArrayVec;
use core::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use memory_ranges::{KernelMemoryUsageType, MemoryType, PAGE_BYTES};
use spin::Once;
use x86_64::structures::paging::{PhysFrame, Size4KiB};

/// Maximum number of frames in a processor's cache.
const CAPACITY: usize = 64;

/// Number of frames that a cache fetches or gives back at once: half of it, so that neither a row of allocations nor one
/// of frees needs the next batch soon.
const BATCH: usize = CAPACITY / 2;

/// One processor's free frames. The frame freed last is allocated first: its bytes may still be in the data cache.
type Cache = ArrayVec<PhysFrame<Size4KiB>, CAPACITY>;

/// What a frame is allocated for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameUse {
    /// A page table.
    PageTable,
    /// A page of a program's.
    Program,
    /// Anything else.
    Other,
}

/// For each use, how many frames a processor has given out for it more than taken back.
type Counts = [AtomicI64; FrameUse::ALL.len()];

/// Whether memory was scarce when frames were fetched last: then it is looked at again before a program gets one.
static WAS_SCARCE: AtomicBool = AtomicBool::new(false);

/// Set by the BSP before it starts any AP: each processor's frames and counts.
static CACHES: Once<PerCpu<Cache, Counts>> = Once::new();

/// The counts of what was given out, and taken back, past the caches.
static UNCACHED_IN_USE: Counts = no_frames();

/// Counts from the start.
const fn no_frames() -> Counts {
    [const { AtomicI64::new(0) }; FrameUse::ALL.len()]
}

impl FrameUse {
    /// All of them, in the order of the counts.
    pub const ALL: [Self; 3] = [Self::PageTable, Self::Program, Self::Other];

    /// Whom the statistics name as the owner of such frames.
    pub fn owner(self) -> MemoryType {
        match self {
            Self::PageTable => MemoryType::UsedByKernel(KernelMemoryUsageType::PageTables),
            Self::Program => MemoryType::UsedByUserMode,
            Self::Other => SINGLE_FRAMES,
        }
    }
}

/// Gives each processor a cache, empty.
pub fn init() {
    CACHES.call_once(|| PerCpu::new(cpus_count(), || (Cache::new_const(), no_frames())));
}

/// How many frames are allocated and not given back.
pub fn frames_in_use() -> i64 {
    FrameUse::ALL.into_iter().map(frames_in_use_as).sum()
}

/// How many of them for this use.
pub fn frames_in_use_as(frame_use: FrameUse) -> i64 {
    let caches = CACHES.get().into_iter().flat_map(PerCpu::shared);
    let counts = caches.chain([&UNCACHED_IN_USE]);
    counts
        .map(|counts| counts[frame_use as usize].load(Ordering::Relaxed))
        .sum()
}

/// Takes a frame; what it holds is left from its last use. `None` if there is none left.
#[inline]
pub fn allocate_frame(frame_use: FrameUse) -> Option<PhysFrame<Size4KiB>> {
    let allocate = |cache: &mut Cache, in_use: &Counts| allocate_from(cache, &in_use[frame_use as usize]);
    let cached = CACHES.get().and_then(|caches| caches.with(allocate));
    cached.unwrap_or_else(|| allocate_uncached(frame_use))
}

/// Takes a frame for a program, zeroed. `None` if there is none left but what the kernel keeps for itself.
pub fn allocate_user_frame() -> Option<PhysFrame<Size4KiB>> {
    let frame = CACHES.get()?.with(allocate_for_user_from).flatten()?;
    // SAFETY: The frame was just allocated, and all RAM is in the direct map.
    unsafe { fill(frame, 0) };
    Some(frame)
}

/// Fills a frame with copies of a word.
///
/// # Safety
///
/// The caller owns the frame, and it is in the direct map.
unsafe fn fill(frame: PhysFrame<Size4KiB>, word: u64) {
    let start = frame.start_address().offset_mapped().as_mut_ptr();
    // SAFETY: The caller's promise.
    unsafe { physical_memory::fill_words(start, PAGE_BYTES / size_of::<u64>() as u64, word) };
}

/// Gives a frame back.
///
/// # Safety
///
/// It was allocated here, for this use, it is given back once, and nobody uses it any more.
#[inline]
pub unsafe fn free_frame(frame: PhysFrame<Size4KiB>, frame_use: FrameUse) {
    if cfg!(debug_assertions) {
        // SAFETY: The caller's promise: the frame is nobody's. All RAM is in the direct map.
        unsafe { fill(frame, POISON) };
    }
    let free = |cache: &mut Cache, in_use: &Counts| free_into(cache, &in_use[frame_use as usize], frame);
    let cached = CACHES.get().and_then(|caches| caches.with(free));
    if cached.is_none() {
        free_uncached(frame, frame_use);
    }
}

/// Takes a frame from a cache, which is refilled when it is empty.
#[inline]
fn allocate_from(cache: &mut Cache, in_use: &AtomicI64) -> Option<PhysFrame<Size4KiB>> {
    let frame = cache.pop().or_else(|| refill(cache))?;
    // Only this processor changes its count.
    in_use.store(in_use.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    Some(frame)
}

/// Takes a frame for a program from a cache, unless memory is scarce.
fn allocate_for_user_from(cache: &mut Cache, in_use: &Counts) -> Option<PhysFrame<Size4KiB>> {
    if (cache.is_empty() || WAS_SCARCE.load(Ordering::Relaxed)) && is_scarce_now() {
        return None;
    }
    allocate_from(cache, &in_use[FrameUse::Program as usize])
}

/// Puts a frame into a cache, which first gives a batch back when it is full.
#[inline]
fn free_into(cache: &mut Cache, in_use: &AtomicI64, frame: PhysFrame<Size4KiB>) {
    in_use.store(in_use.load(Ordering::Relaxed) - 1, Ordering::Relaxed);
    if let Err(full) = cache.try_push(frame) {
        free_into_full(cache, full.element());
    }
}

/// Puts a frame into a cache that is full, after a batch has made room.
#[cold]
fn free_into_full(cache: &mut Cache, frame: PhysFrame<Size4KiB>) {
    cache.drain(..BATCH).for_each(give_back);
    let _has_room = cache.try_push(frame);
}

/// Whether programs get no frame.
#[cold]
fn is_scarce_now() -> bool {
    let is_scarce = physical_memory::lock().is_none_or(|memory| memory.is_scarce());
    WAS_SCARCE.store(is_scarce, Ordering::Relaxed);
    is_scarce
}

/// Fetches a batch, or what there is of one, and takes one frame of it.
#[cold]
fn refill(cache: &mut Cache) -> Option<PhysFrame<Size4KiB>> {
    let mut memory = physical_memory::lock()?;
    memory.take_frames(BATCH, |frame| {
        // The cache is empty, and a batch fits.
        let _has_room = cache.try_push(frame);
    });
    WAS_SCARCE.store(memory.is_scarce(), Ordering::Relaxed);
    drop(memory);
    // What physical memory remembers of the blocks is on the heap.
    heap_stock::refill_if_low();
    cache.pop()
}

/// Gives a frame back to physical memory.
#[cold]
fn give_back(frame: PhysFrame<Size4KiB>) {
    let Some(mut memory) = physical_memory::lock() else {
        return;
    };
    // SAFETY: The frame was in a cache, or was just given back, so nobody uses it.
    let put_back = unsafe { memory.put_back_frame(frame) };
    debug_assert!(put_back.is_ok(), "{put_back:?}");
    drop(memory);
    heap_stock::refill_if_low();
}

/// A frame from physical memory: before there are caches, or while this processor's is in use.
#[cold]
fn allocate_uncached(frame_use: FrameUse) -> Option<PhysFrame<Size4KiB>> {
    let mut taken = None;
    physical_memory::lock()?.take_frames(1, |frame| taken = Some(frame));
    heap_stock::refill_if_low();
    UNCACHED_IN_USE[frame_use as usize].fetch_add(taken.iter().len() as i64, Ordering::Relaxed);
    taken
}

/// A frame back to physical memory.
#[cold]
fn free_uncached(frame: PhysFrame<Size4KiB>, frame_use: FrameUse) {
    UNCACHED_IN_USE[frame_use as usize].fetch_sub(1, Ordering::Relaxed);
    give_back(frame);
}
