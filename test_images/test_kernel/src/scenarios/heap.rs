//! The heap: shown, used up, and used by all processors at once.

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

/// Allocations and frees of all processors together.
const STORM_STEPS: u32 = 1_000_000;

/// How many processors have begun, and ended, the storm.
static READY: AtomicU32 = AtomicU32::new(0);
/// See [`READY`].
static FINISHED: AtomicU32 = AtomicU32::new(0);

/// What was in use before the storm, as [`in_use`] counts it.
static BEFORE: Once<(usize, i64)> = Once::new();

/// Things on the heap, with their addresses.
pub(super) fn demonstrate() {
    let number = Box::new(41);
    log::info!("A box at {:p} holds {number}", &raw const *number);
    let squares: Vec<u64> = (0..1000).map(|number| number * number).collect();
    log::info!("A vector at {:p} ends with {:?}", squares.as_ptr(), squares.last());
    let text: String = format!("{} and {}", "formatted", number);
    log::info!("A string at {:p} holds {text:?}", text.as_ptr());
    log::info!("End of the demonstration, {:?}", global_allocator::usage());
}

/// Lets the heap's stock get low while nobody can fill it up, and then takes frames: physical memory remembers them on the heap.
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
        // SAFETY: It was just allocated, for this use.
        unsafe { frame_allocator::free_frame(frame, FrameUse::Other) };
    }
    log::info!("Pieces in the heap's stock: {pieces}");
}

/// Pieces that are the heap's, and that it has not taken.
fn pieces_in_stock(memory: &PhysicalMemory) -> u64 {
    let heap = MemoryType::UsedByKernel(KernelMemoryUsageType::GlobalAllocatorHeap);
    let owned = memory
        .statistics(frame_allocator::frames_in_use_by_owner())
        .find(|(owner, _)| *owner == heap);
    let claimed_bytes = global_allocator::usage().map_or(0, |usage| usage.total_bytes as u64);
    owned.map_or(0, |(_, bytes)| bytes.saturating_sub(claimed_bytes)) / Size2MiB::SIZE
}

/// Takes all that the heap gives, by fallible allocations; then goes on, and asks for too much at once.
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
    log::info!("The heap gave {} KiB and then an error", chunks.len() * CHUNK / 1024);
    drop(chunks);
    let again = Box::new(42);
    log::info!("Then it gave a box again: {again}");
    let too_much: Vec<u8> = Vec::with_capacity(1 << 30);
    log::error!("The heap gave {} bytes at once", too_much.capacity());
}

/// Random allocations and frees, of the heap and of frames, with what they hold checked, on every processor. The last one
/// compares what is in use with what was before, and ends QEMU.
pub(super) fn storm() {
    let cpus = cpus_count();
    // The last one counts: by then no processor is on its way any more.
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
    // What a processor does after this would count.
    loop {
        hint::spin_loop();
    }
}

/// Something that is allocated, or not.
enum Slot {
    /// Nothing.
    Empty,
    /// Copies of one word on the heap.
    Heap(Vec<u64>),
    /// A frame, filled with copies of a word.
    Frame(PhysFrame, u64),
}

impl Slot {
    /// Allocates something, or checks and frees what there is.
    fn step(&mut self, random: u64) {
        if !matches!(self, Self::Empty) {
            return self.empty();
        }
        *self = if random & 0x100 == 0 {
            Self::Heap(alloc::vec![random; 1 + (random >> 32) as usize % 200])
        } else {
            frame_allocator::allocate_frame(FrameUse::Other).map_or(Self::Empty, |frame| {
                // SAFETY: The frame was just allocated, and all RAM is in the direct map.
                unsafe { words_of(frame).write_volatile([random; 512]) };
                Self::Frame(frame, random)
            })
        };
    }

    /// Checks what there is, and frees it.
    fn empty(&mut self) {
        match core::mem::replace(self, Self::Empty) {
            Self::Empty => {}
            Self::Heap(words) => assert!(words.iter().all(|word| *word == words[0]), "the heap mixed up memory"),
            Self::Frame(frame, expected) => {
                // SAFETY: The frame is this slot's.
                let words = unsafe { words_of(frame).read_volatile() };
                assert!(words.iter().all(|word| *word == expected), "a frame was used twice");
                // SAFETY: It was allocated there, and the slot has forgotten it.
                unsafe { frame_allocator::free_frame(frame, FrameUse::Other) };
            }
        }
    }
}

/// Where a frame can be read and written.
fn words_of(frame: PhysFrame) -> *mut [u64; 512] {
    frame.start_address().offset_mapped().as_mut_ptr()
}

/// How many allocations of the heap, and how many frames, are in use.
fn in_use() -> (usize, i64) {
    loop {
        if let Some(usage) = global_allocator::usage() {
            return (usage.allocations, frame_allocator::frames_in_use());
        }
        hint::spin_loop();
    }
}
