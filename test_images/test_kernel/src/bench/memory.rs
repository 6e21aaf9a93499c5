//! Benchmarks of memory.

use super::measure::measure;
use alloc::boxed::Box;
use core::hint::black_box;
use ez_paging::{Frame, Page, PageSize};
use kernel::memory::{
    frame_allocator::{self, FrameUse},
    mapped_region::MappedRegion,
    page_tables::READ_WRITE,
    virtual_memory,
};
use x86_64::{PhysAddr, VirtAddr, instructions::tlb};

/// Number of runs of each benchmark.
const ROUNDS: u64 = 1000;

/// A page of device registers: the local APIC's, on every PC.
const LOCAL_APIC: PhysAddr = PhysAddr::new(0xfee0_0000);

/// Address of the mapped page, in the lower half.
const PAGE_ADDRESS: u64 = 0x4000_0000;

pub(super) fn measure_all() {
    measure("frame_allocate_free", ROUNDS, || {
        let frame = black_box(frame_allocator::allocate_frame(FrameUse::Other));
        // SAFETY: The frame was allocated for this use, and no other code uses it.
        frame
            .into_iter()
            .for_each(|frame| unsafe { frame_allocator::free_frame(frame, FrameUse::Other) });
    });
    measure("heap_allocate_free_64", ROUNDS, || {
        drop(black_box(Box::<[u64; 8]>::new_uninit()));
    });
    measure_mapping();
}

/// Measures mapping and unmapping a page: at a fixed address, and at any free address.
fn measure_mapping() {
    let (Ok(mut table), Some(frame)) = (
        virtual_memory::new_user_table(),
        frame_allocator::allocate_frame(FrameUse::Other),
    ) else {
        log::error!("Out of memory: nothing to map");
        return;
    };
    let (Ok(page), Ok(target)) = (
        Page::new(VirtAddr::new(PAGE_ADDRESS), PageSize::_4KiB),
        Frame::new(frame.start_address(), PageSize::_4KiB),
    ) else {
        return;
    };
    // A neighbour keeps the page tables allocated, as in an address space in use.
    let neighbour = Page::new(VirtAddr::new(PAGE_ADDRESS + 0x1000), PageSize::_4KiB);
    // SAFETY: No processor uses the table, and no other code uses the frame.
    let kept = neighbour.is_ok_and(|neighbour| unsafe { table.map_page(neighbour, target, READ_WRITE) }.is_ok());
    assert!(kept, "the neighbour cannot be mapped");
    measure("map_unmap_page", ROUNDS, || {
        // SAFETY: No processor uses the table, and no other code uses the frame.
        let mapped = unsafe { table.map_page(page, target, READ_WRITE) };
        mapped.into_iter().for_each(|flush| flush.flush_by(tlb::flush));
        // SAFETY: No code uses the page.
        let unmapped = unsafe { table.unmap_page(page) };
        unmapped
            .into_iter()
            .for_each(|unmapped| unmapped.flush.flush_by(tlb::flush));
    });
    measure("map_unmap_page_anywhere", ROUNDS, map_anywhere);
}

/// Maps a page at a free kernel address, and unmaps it.
fn map_anywhere() {
    // SAFETY: No code accesses the region.
    let region = unsafe { MappedRegion::mmio(LOCAL_APIC, 4096) };
    drop(black_box(region));
}
