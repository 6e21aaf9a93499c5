//! Heap: a demonstration, exhaustion, and use by all processors at once.

use alloc::{boxed::Box, format, string::String, vec::Vec};
use core::{
    hint,
    sync::atomic::{AtomicU32, Ordering},
};
use kernel::{
    boot::hhdm_offset::OffsetMappedPhysAddr,
    cpu::cpu_local_data::{cpus_count, current_cpu_id},
    memory::{
        KernelMemoryUsageType, MemoryType,
        frame_allocator::{self, FrameUse},
        global_allocator,
        physical_memory::{self, PhysicalMemory},
    },
    output::{ExitCode, exit_qemu},
};
use spin::Once;
use x86_64::structures::paging::{PageSize, PhysFrame, Size2MiB};

/// Number of steps of all processors together.
const STORM_STEPS: u32 = 1_000_000;

/// Number of processors that have begun the storm.
static READY: AtomicU32 = AtomicU32::new(0);
/// Number of processors that have finished it.
static FINISHED: AtomicU32 = AtomicU32::new(0);

/// Result of [`in_use`] before the storm.
static BEFORE: Once<(usize, i64)> = Once::new();

/// Logs values on the heap, with their addresses.
pub(super) fn demonstrate() {
    let number = Box::new(41);
    log::info!("A box at {:p} holds {number}", &raw const *number);
    let squares: Vec<u64> = (0..1000).map(|number| number * number).collect();
    log::info!("A vector at {:p} ends with {:?}", squares.as_ptr(), squares.last());
    let text: String = format!("{} and {}", "formatted", number);
    log::info!("A string at {:p} holds {text:?}", text.as_ptr());
    log::info!("End of the demonstration, {:?}", global_allocator::usage());
}

/// Lowers the heap's stock while its refill is blocked, then allocates frames: the memory map's records lie on the
/// heap.
pub(super) fn stock_beside_frames() {
    let memory = physical_memory::lock().expect("memory is set up");
    while pieces_in_stock(&memory) > 1 {
        core::mem::forget(Vec::<u8>::with_capacity(256 * 1024));
    }
    drop(memory);
    // More than any cache holds.
    let frames = [(); 100].map(|()| frame_allocator::allocate_frame(FrameUse::Other).expect("there is memory"));
    let memory = physical_memory::lock().expect("memory is set up");
    let pieces = pieces_in_stock(&memory);
    drop(memory);
    for frame in frames {
        // SAFETY: The frame was just allocated, for this use.
        unsafe { frame_allocator::free_frame(frame, FrameUse::Other) };
    }
    log::info!("Pieces in the heap's stock: {pieces}");
}

/// Returns the number of 2 MiB pieces that the heap owns but has not claimed.
fn pieces_in_stock(memory: &PhysicalMemory) -> u64 {
    let heap = MemoryType::UsedByKernel(KernelMemoryUsageType::GlobalAllocatorHeap);
    let owned = memory
        .statistics(frame_allocator::frames_in_use_by_owner())
        .find(|(owner, _)| *owner == heap);
    let claimed_bytes = global_allocator::usage().total_bytes as u64;
    owned.map_or(0, |(_, bytes)| bytes.saturating_sub(claimed_bytes)) / Size2MiB::SIZE
}

/// Exhausts the heap with fallible allocations, allocates again, and then requests too much at once.
pub(super) fn exhaust() {
    const CHUNK: usize = 256 * 1024;
    let mut chunks: Vec<Vec<u8>> = Vec::with_capacity(8192);
    loop {
        let mut chunk = Vec::new();
        if chunk.try_reserve_exact(CHUNK).is_err() || chunks.len() == chunks.capacity() {
            break;
        }
        chunks.push(chunk);
    }
    log::info!(
        "The heap allocated {} KiB before it failed",
        chunks.len() * CHUNK / 1024
    );
    drop(chunks);
    let again = Box::new(42);
    log::info!("Allocated a box after that: {again}");
    let too_much: Vec<u8> = Vec::with_capacity(1 << 30);
    log::error!("The heap allocated {} bytes at once", too_much.capacity());
}

/// Makes random allocations and frees of heap and frames on every processor, and checks the contents. The last
/// processor compares the memory in use with that before the storm, and ends QEMU.
pub(super) fn storm() {
    let cpus = cpus_count();
    // The last processor counts: by then the others only wait.
    if READY.fetch_add(1, Ordering::AcqRel) + 1 == cpus {
        BEFORE.call_once(in_use);
    }
    BEFORE.wait();
    let mut random = u64::from(current_cpu_id()).wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1;
    let mut slots = [const { Slot::Empty }; 64];
    for _ in 0..STORM_STEPS / cpus {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        slots[(random % 64) as usize].step(random);
    }
    slots.iter_mut().for_each(Slot::empty);
    if FINISHED.fetch_add(1, Ordering::AcqRel) + 1 == cpus {
        let (before, after) = (BEFORE.wait(), in_use());
        log::info!("The storm is over: {before:?} before, {after:?} after");
        exit_qemu(if *before == after {
            ExitCode::Success
        } else {
            ExitCode::Failure
        });
    }
    // Any further work of this processor could change the count.
    loop {
        hint::spin_loop();
    }
}

/// Place for one allocation.
enum Slot {
    Empty,
    /// Copies of one word on the heap.
    Heap(Vec<u64>),
    /// A frame, filled with copies of a word.
    Frame(PhysFrame, u64),
}

impl Slot {
    /// Allocates, or checks and frees the present allocation.
    fn step(&mut self, random: u64) {
        if !matches!(self, Self::Empty) {
            return self.empty();
        }
        *self = if random & 0x100 == 0 {
            Self::Heap(alloc::vec![random; 1 + (random >> 32) as usize % 200])
        } else {
            frame_allocator::allocate_frame(FrameUse::Other).map_or(Self::Empty, |frame| {
                // SAFETY: The frame was just allocated, and the direct map contains all RAM.
                unsafe { words_of(frame).write_volatile([random; 512]) };
                Self::Frame(frame, random)
            })
        };
    }

    /// Checks the present allocation, and frees it.
    fn empty(&mut self) {
        match core::mem::replace(self, Self::Empty) {
            Self::Empty => {}
            Self::Heap(words) => assert!(
                words.iter().all(|word| *word == words[0]),
                "heap memory was overwritten"
            ),
            Self::Frame(frame, expected) => {
                // SAFETY: This slot owns the frame.
                let words = unsafe { words_of(frame).read_volatile() };
                assert!(words.iter().all(|word| *word == expected), "a frame was used twice");
                // SAFETY: The frame was allocated for this use, and the slot no longer refers to it.
                unsafe { frame_allocator::free_frame(frame, FrameUse::Other) };
            }
        }
    }
}

/// Returns the frame's contents in the direct map.
fn words_of(frame: PhysFrame) -> *mut [u64; 512] {
    frame.start_address().offset_mapped().as_mut_ptr()
}

/// Returns the numbers of heap allocations and frames in use.
fn in_use() -> (usize, i64) {
    (global_allocator::usage().allocations, frame_allocator::frames_in_use())
}
