//! Loops for counting the instructions of one operation among 100 intervals.
//!
//! `cargo build --release --package memory_ranges --example instructions`, then
//! `valgrind --tool=callgrind` on it, and `callgrind_annotate --inclusive=yes` on what that writes: the count of each
//! function here, divided by [`ROUNDS`], is what one round costs. The heap is the host's.

use memory_ranges::{
    BootClaim, BootMap, BootMemoryKind, FrameBlocks, FrameStack, Guards, KernelMemoryUsageType, LAST_PHYS_ADDR,
    MemoryType, OwnershipError, PageStateError, PhysRange, PhysicalRanges, PutBack, Reuse, VirtRange, VirtualRanges,
};
use std::hint::black_box;
use x86_64::{PhysAddr, VirtAddr};

/// How often each operation is done.
const ROUNDS: u32 = 1000;

/// Who gets the memory.
const STACK: MemoryType = MemoryType::UsedByKernel(KernelMemoryUsageType::Stack);

/// Whose memory never touches [`STACK`]'s.
const DMA: MemoryType = MemoryType::UsedByKernel(KernelMemoryUsageType::Dma);

/// So many ranges of 64 KiB, in turn usable and of this owner.
fn physical_ranges(ranges: u64, owner: MemoryType) -> Result<PhysicalRanges, OwnershipError> {
    let all = BootClaim {
        base: 0x1_0000,
        length_bytes: ranges * 0x1_0000,
        kind: BootMemoryKind::Usable,
    };
    let mut physical = PhysicalRanges::from_boot_map(&BootMap::from_claims([all].into_iter()))?;
    for index in (1..ranges).step_by(2) {
        let start = PhysAddr::new(0x1_0000 + index * 0x1_0000);
        if let Ok(range) = PhysRange::new(start, 0x1_0000) {
            physical.allocate_at(range, owner)?;
        }
    }
    Ok(physical)
}

/// So many ranges of 64 KiB, in turn free and in use, and much free space behind them.
fn virtual_ranges(ranges: u64) -> Result<VirtualRanges, PageStateError> {
    let start = VirtAddr::new(0xffff_9000_0000_0000);
    let window = VirtRange::new(start, 1 << 40).expect("the window lies in the higher half");
    let mut pages = VirtualRanges::new(window)?;
    for index in (0..ranges).step_by(2) {
        if let Ok(range) = VirtRange::new(start + index * 0x1_0000, 0x1_0000) {
            pages.allocate_at(range)?;
        }
    }
    Ok(pages)
}

/// Frames next to memory of the same owner: a border moves there and back.
#[inline(never)]
fn frame_next_to_its_owner(physical: &mut PhysicalRanges) {
    allocate_and_free(physical, 0x1000, STACK);
}

/// Frames next to no memory of the same owner: a range appears and disappears.
#[inline(never)]
fn frame_next_to_another_owner(physical: &mut PhysicalRanges) {
    allocate_and_free(physical, 0x1000, DMA);
}

/// The only range that is large enough is the lowest: all others are looked at first.
#[inline(never)]
fn frames_found_last(physical: &mut PhysicalRanges) {
    allocate_and_free(physical, 0x2_0000, DMA);
}

/// Takes memory and gives it back.
fn allocate_and_free(physical: &mut PhysicalRanges, size_bytes: u64, owner: MemoryType) {
    for _ in 0..ROUNDS {
        let range = black_box(&mut *physical).allocate(size_bytes, 0x1000, LAST_PHYS_ADDR, owner);
        if let Ok(range) = black_box(range) {
            let freed = physical.free(range, owner);
            assert_eq!(black_box(freed), Ok(()));
        }
    }
}

/// A virtual page, free again at once.
#[inline(never)]
fn page_reused_at_once(pages: &mut VirtualRanges) {
    take_and_give_back(pages, Guards::NONE, Reuse::AtOnce);
}

/// A virtual page that goes to the quarantine.
#[inline(never)]
fn page_quarantined(pages: &mut VirtualRanges) {
    take_and_give_back(pages, Guards::NONE, Reuse::AfterQuarantine);
}

/// A virtual page with guards that goes to the quarantine.
#[inline(never)]
fn guarded_page_quarantined(pages: &mut VirtualRanges) {
    take_and_give_back(pages, Guards::around(1), Reuse::AfterQuarantine);
}

/// Takes a page and gives it back.
fn take_and_give_back(pages: &mut VirtualRanges, guards: Guards, reuse: Reuse) {
    for _ in 0..ROUNDS {
        let page = black_box(&mut *pages).allocate_contiguous_pages(1, 0x1000, guards);
        if let Ok(page) = black_box(page) {
            let freed = pages.free(page.whole, reuse);
            assert_eq!(black_box(freed), Ok(()));
        }
    }
}

/// A frame from the cache and back.
#[inline(never)]
fn frame_of_cache(cache: &mut FrameStack<64>) {
    for _ in 0..ROUNDS {
        if let Some(frame) = black_box(black_box(&mut *cache).pop()) {
            assert_eq!(black_box(cache.push(frame)), Ok(()));
        }
    }
}

/// A batch into the cache and out again. One frame is out for good, so the block stays.
#[inline(never)]
fn batch_of_cache(cache: &mut FrameStack<64>, blocks: &mut FrameBlocks) {
    for _ in 0..ROUNDS {
        blocks.take(16, |frame| assert_eq!(cache.push(frame), Ok(())));
        cache.drain(16, |frame| assert_eq!(blocks.put_back(frame), Ok(PutBack::Kept)));
    }
}

fn main() {
    let mut of_stack = physical_ranges(100, STACK).expect("the map is made of whole frames");
    frame_next_to_its_owner(&mut of_stack);
    let mut behind_stack = physical_ranges(100, STACK).expect("the map is made of whole frames");
    frame_next_to_another_owner(&mut behind_stack);
    let bottom = PhysRange::new(PhysAddr::new(0x2_0000), 0x1_0000).expect("the range is made of whole frames");
    behind_stack.free(bottom, STACK).expect("it was given to this owner");
    frames_found_last(&mut behind_stack);
    let mut pages = virtual_ranges(100).expect("the window is empty");
    page_reused_at_once(&mut pages);
    page_quarantined(&mut pages);
    guarded_page_quarantined(&mut pages);
    let mut blocks = FrameBlocks::new();
    let block = PhysRange::new(PhysAddr::new(0x20_0000), 0x20_0000).expect("the range is made of whole frames");
    blocks.add(block);
    blocks.take(1, |_| {});
    let mut cache = FrameStack::new();
    batch_of_cache(&mut cache, &mut blocks);
    blocks.take(1, |frame| assert_eq!(cache.push(frame), Ok(())));
    frame_of_cache(&mut cache);
}
