//! Contiguous physical memory: address limits, double frees, and foreign memory.

use core::{hint, slice};
use kernel::{
    boot::hhdm_offset::OffsetMappedPhysAddr,
    memory::{
        KernelMemoryUsageType, MemoryType,
        frame_allocator::{self, FrameUse},
        owned_ram::OwnedRam,
        physical_memory, virtual_memory,
    },
};
use memory_ranges::{AllocateError, BootMap, BootMemoryKind, OwnershipError, PhysRange};
use x86_64::{PhysAddr, VirtAddr};

/// Owner of the allocated memory.
const DMA: MemoryType = MemoryType::UsedByKernel(KernelMemoryUsageType::Dma);

/// Last address that a device on the ISA bus can reach.
const LAST_ISA_ADDRESS: PhysAddr = PhysAddr::new(0xff_ffff);

/// Size of a buffer for an ISA device; also the boundary that it must not cross.
const BUFFER_BYTES: u64 = 64 * 1024;

/// Test pattern, a valid address.
const WORD: u64 = 0x0000_4567_89ab_cdef;

/// Device registers instead of RAM: the local APIC's.
const LOCAL_APIC: PhysAddr = PhysAddr::new(0xfee0_0000);

/// Allocates and frees memory of each kind, and checks that the statistics return to the start.
pub(super) fn allocate_and_free() {
    log::info!(
        "The boot loader's memory is poisoned: {}",
        is_reclaimed_memory_poisoned()
    );
    let before = usable_and_dma();
    let buffer = allocate(BUFFER_BYTES, LAST_ISA_ADDRESS).expect("there is memory for devices of the ISA bus");
    assert!(
        buffer.last() <= LAST_ISA_ADDRESS && buffer.start().is_aligned(BUFFER_BYTES),
        "buffer at {buffer:?}"
    );
    assert!(
        usable_and_dma() == (before.0 - BUFFER_BYTES, before.1 + BUFFER_BYTES),
        "the buffer is not counted"
    );
    // SAFETY: The buffer was just allocated.
    unsafe { words_of(buffer) }.fill(WORD);
    assert_eq!(free(buffer), Ok(()), "the buffer cannot be freed");
    // SAFETY: No other code allocates meanwhile.
    let is_poisoned = unsafe { is_poisoned(buffer) };
    log::info!("The freed buffer is poisoned: {is_poisoned}");
    refuse();
    hold_zeroes();
    // The second time, the frames are reused ones.
    count_by_use();
    count_by_use();
    for size_bytes in [4 << 10, 2 << 20, 1 << 30] {
        frame(size_bytes);
    }
    log::info!("All memory was freed: {}", before == usable_and_dma());
}

/// Waits until the boot loader's memory is usable, and checks that a page of it is poisoned, against uses of old
/// pointers.
fn is_reclaimed_memory_poisoned() -> bool {
    while has_boot_loader_memory() {
        hint::spin_loop();
    }
    let map = BootMap::from_claims(super::memory_map().claims());
    let reclaimed = map
        .iter()
        .filter(|(_, kind)| *kind == BootMemoryKind::BootLoaderReclaimable);
    let largest = reclaimed.map(|(range, _)| range).max_by_key(|range| range.size_bytes());
    let largest = largest.expect("the boot loader uses memory");
    let page = allocate(4096, largest.last()).expect("there is memory still");
    assert!(largest.contains(page), "{largest:?} is in use again: {page:?}");
    // SAFETY: The page was just allocated.
    let is_poisoned = unsafe { is_poisoned(page) };
    assert_eq!(free(page), Ok(()), "the page cannot be freed");
    is_poisoned
}

/// Returns whether the boot loader still owns memory.
pub(super) fn has_boot_loader_memory() -> bool {
    let memory = physical_memory::lock().expect("memory is set up");
    memory
        .statistics(frame_allocator::frames_in_use_by_owner())
        .any(|(owner, _)| owner == MemoryType::UsedByLimine)
}

/// Returns whether no word of a range is a valid address.
///
/// # Safety
///
/// No other code uses the memory.
unsafe fn is_poisoned(range: PhysRange) -> bool {
    // SAFETY: The caller guarantees exclusive use.
    let words = unsafe { words_of(range) };
    words.iter().all(|word| VirtAddr::try_new(*word).is_err())
}

/// Checks that invalid frees are refused.
fn refuse() {
    let allocated = allocate(BUFFER_BYTES, LAST_ISA_ADDRESS).expect("there is memory still");
    assert_eq!(free(allocated), Ok(()), "the buffer cannot be freed");
    let twice = free(allocated);
    assert!(
        matches!(twice, Err(OwnershipError::NotInUse { .. })),
        "freed twice: {twice:?}"
    );
    for (start, is_refused) in [
        (super::executable_address().0, is_of_another as fn(_) -> _),
        (LOCAL_APIC, is_no_memory),
    ] {
        let range = PhysRange::new(start, 4096).expect("a page is a range");
        let error = free(range).expect_err("a foreign range must not be freed");
        assert!(is_refused(error), "refused for another reason: {error:?}");
    }
}

/// Returns whether another owner has the memory.
fn is_of_another(error: OwnershipError) -> bool {
    matches!(error, OwnershipError::OwnedByOther { .. })
}

/// Returns whether the address is not RAM.
fn is_no_memory(error: OwnershipError) -> bool {
    matches!(error, OwnershipError::NotManaged { .. })
}

/// Checks that owned memory is zeroed, after an earlier owner has filled it.
fn hold_zeroes() {
    for _ in 0..2 {
        let memory = OwnedRam::allocate(BUFFER_BYTES, DMA).expect("there is memory still");
        // SAFETY: The memory was just allocated.
        let words = unsafe { words_of(memory.range()) };
        assert!(words.iter().all(|word| *word == 0), "the memory is not zeroed");
        words.fill(WORD);
    }
}

/// Checks that frames of programs are zeroed, and that the statistics count them and page tables separately.
fn count_by_use() {
    let before = page_tables_and_programs();
    let frames = [(); 2].map(|()| frame_allocator::allocate_user_frame().expect("there is memory still"));
    let table = virtual_memory::new_user_table();
    let after = page_tables_and_programs();
    assert!(
        table.is_ok() && after == (before.0 + 4096, before.1 + 2 * 4096),
        "{before:?}, then {after:?}"
    );
    drop(table);
    for frame in frames {
        let range = PhysRange::new(frame.start_address(), 4096).expect("a frame is a range");
        // SAFETY: The frame was just allocated.
        let words = unsafe { words_of(range) };
        assert!(
            words.iter().all(|word| *word == 0),
            "the frame of a program is not zeroed"
        );
        words.fill(WORD);
        // SAFETY: The frame was allocated for this use, and the reference to it is not used any more.
        unsafe { frame_allocator::free_frame(frame, FrameUse::Program) };
    }
    assert_eq!(page_tables_and_programs(), before, "frames were lost");
    log::info!("Page tables take {} KiB", before.0 >> 10);
}

/// Returns the bytes of page tables, and those of programs.
fn page_tables_and_programs() -> (u64, u64) {
    let memory = physical_memory::lock().expect("memory is set up");
    let bytes_of = |wanted: FrameUse| {
        let found = memory
            .statistics(frame_allocator::frames_in_use_by_owner())
            .find(|(owner, _)| *owner == wanted.owner());
        found.map_or(0, |(_, bytes)| bytes)
    };
    (bytes_of(FrameUse::PageTable), bytes_of(FrameUse::Program))
}

/// Allocates and frees a frame of a page size.
fn frame(size_bytes: u64) {
    let allocated = physical_memory::lock()
        .expect("memory is set up")
        .allocate_frame_with_type(size_bytes, DMA);
    match allocated {
        Ok(frame) => {
            assert!(
                frame.start().is_aligned(size_bytes) && frame.size_bytes() == size_bytes,
                "frame at {frame:?}"
            );
            assert_eq!(free(frame), Ok(()), "the frame cannot be freed");
            log::info!("Allocated a frame of {} KiB", size_bytes >> 10);
        }
        Err(error) => log::info!("Could not allocate a frame of {} KiB: {error:?}", size_bytes >> 10),
    }
}

/// Allocates a buffer that crosses no multiple of its size.
fn allocate(size_bytes: u64, max_address: PhysAddr) -> Result<PhysRange, AllocateError> {
    let mut memory = physical_memory::lock().expect("memory is set up");
    memory.allocate(size_bytes, size_bytes, max_address, DMA)
}

/// Frees memory.
fn free(range: PhysRange) -> Result<(), OwnershipError> {
    let mut memory = physical_memory::lock().expect("memory is set up");
    // SAFETY: No code uses the memory, or the call fails.
    unsafe { memory.free(range, DMA) }
}

/// Returns the free bytes, and the bytes that devices own.
fn usable_and_dma() -> (u64, u64) {
    let memory = physical_memory::lock().expect("memory is set up");
    let dma = memory
        .statistics(frame_allocator::frames_in_use_by_owner())
        .find(|(owner, _)| *owner == DMA);
    (memory.usable_bytes(), dma.map_or(0, |(_, bytes)| bytes))
}

/// Returns the contents of a range.
///
/// # Safety
///
/// No other code uses the memory.
unsafe fn words_of(range: PhysRange) -> &'static mut [u64] {
    let start = range.start().offset_mapped().as_mut_ptr();
    let bytes = usize::try_from(range.size_bytes()).unwrap_or(0);
    // SAFETY: The caller guarantees exclusive use; the direct map contains all RAM, and any word is a valid number.
    unsafe { slice::from_raw_parts_mut(start, bytes / size_of::<u64>()) }
}
