//! Bookkeeping of memory by intervals: who owns each range of physical memory, and which virtual pages are given out.
//!
//! A [`BootMap`] checks what the boot loader says of memory, [`PhysicalRanges`] starts from it, [`VirtualRanges`] from
//! a window of the address space. [`find_first_piece`] finds the heap its first piece before any of them can exist,
//! [`LargestPages`] says how to map a range with few pages. [`FrameBlocks`] gives out single frames, so that the map of
//! physical memory stays short. [`FrameStack`] and [`TwoMibStock`] hold memory ready where the maps may not be asked.
//! Nothing here touches the memory that it keeps books of.
//!
//! # Locks
//!
//! The interval trees, and the blocks of frames, allocate on the heap. So the maps are used under the kernel's memory lock, and the heap's lock is
//! taken inside it: memory → heap. The heap grows while its own lock is held; what it calls then (the hook for an empty
//! heap) must never ask these maps, only a [`TwoMibStock`] behind a lock of its own: heap → stock. The stock is filled
//! up from the maps outside both, piece by piece. [`FrameStack`], [`TwoMibStock`], [`find_first_piece`] and
//! [`LargestPages`] never allocate. The maps allocate only when a range is split or disappears, and [`FrameBlocks`] when a block
//! comes or has a free frame again.
//!
//! # What it costs
//!
//! Instructions for taking and giving back, counted on the host among 100 ranges (`examples/instructions.rs`):
//!
//! | what | instructions |
//! |---|---|
//! | a frame of [`FrameStack`] | 32 |
//! | 16 frames from [`FrameBlocks`] into a [`FrameStack`] and back | 2,500 |
//! | memory beside other memory of the same owner: a border moves | 1,600 |
//! | memory of an owner with none beside it: a range comes and goes | 3,300 |
//! | the same, when only the lowest of all usable ranges is large enough | 6,600 |
//! | a virtual page, to be used again at once | 1,100 |
//! | a virtual page, into the quarantine | 1,400 |
//!
//! # Example
//!
//! ```
//! use memory_ranges::{
//!     BootClaim, BootMap, BootMemoryKind, FrameBlocks, FrameStack, Guards, KernelMemoryUsageType, LAST_PHYS_ADDR,
//!     MemoryType, PhysicalRanges, PutBack, Reuse, VirtRange, VirtualRanges,
//! };
//! use x86_64::VirtAddr;
//!
//! let claims = [
//!     BootClaim { base: 0, length_bytes: 0x9_fc00, kind: BootMemoryKind::Usable },
//!     BootClaim { base: 0x10_0000, length_bytes: 0x40_0000, kind: BootMemoryKind::Usable },
//!     BootClaim { base: 0x50_0000, length_bytes: 0x10_0000, kind: BootMemoryKind::BootLoaderReclaimable },
//! ];
//! let map = BootMap::from_claims(claims.into_iter());
//! assert_eq!(map.notes().len(), 1); // The first claim does not end with a frame.
//! let mut physical = PhysicalRanges::from_boot_map(&map).unwrap();
//!
//! let stack = MemoryType::UsedByKernel(KernelMemoryUsageType::Stack);
//! let range = physical.allocate(0x1_0000, 0x1000, LAST_PHYS_ADDR, stack).unwrap();
//! assert!(physical.free(range, MemoryType::UsedByUserMode).is_err());
//! physical.free(range, stack).unwrap();
//! assert_eq!(physical.reclaim(MemoryType::UsedByLimine, |_range| {}), Ok(0x10_0000));
//!
//! let of_cache = MemoryType::UsedByKernel(KernelMemoryUsageType::FrameCache);
//! let mut blocks = FrameBlocks::new();
//! blocks.add(physical.allocate_up_to(0x20_0000, LAST_PHYS_ADDR, of_cache).unwrap());
//! let mut cache = FrameStack::<64>::new();
//! blocks.take(FrameStack::<64>::BATCH, |frame| cache.push(frame).unwrap());
//! let frame = cache.pop().unwrap();
//! cache.push(frame).unwrap();
//! cache.drain(FrameStack::<64>::BATCH, |frame| {
//!     if let PutBack::WholeBlock(block) = blocks.put_back(frame).unwrap() {
//!         block.ranges().for_each(|range| physical.free(range, of_cache).unwrap());
//!     }
//! });
//!
//! let window = VirtRange::new(VirtAddr::new(0xffff_9000_0000_0000), 1 << 30).unwrap();
//! let mut pages = VirtualRanges::new(window).unwrap();
//! let taken = pages.allocate_contiguous_pages(16, 0x1000, Guards::below(1)).unwrap();
//! assert_eq!(taken.pages.start(), window.start() + 0x1000);
//! pages.free(taken.whole, Reuse::AfterQuarantine).unwrap();
//! assert_eq!(pages.release_quarantine(), Ok(17 * 0x1000));
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod boot_claim;
mod boot_map;
mod first_piece;
mod frame_blocks;
mod frame_stack;
mod largest_pages;
mod memory_type;
mod pages;
mod phys_range;
mod physical_ranges;
mod shape;
mod span;
mod tiling;
mod two_mib_stock;
mod virt_range;
mod virtual_ranges;

pub use boot_claim::{BootClaim, BootMemoryKind};
pub use boot_map::{BootMap, BootMapNote};
pub use first_piece::find_first_piece;
pub use frame_blocks::{FrameBlock, FrameBlocks, NotTaken, PutBack};
pub use frame_stack::{CacheFull, FrameStack};
pub use largest_pages::LargestPages;
pub use memory_type::{KernelMemoryUsageType, MemoryType};
pub use pages::PAGE_BYTES;
pub use phys_range::{LAST_PHYS_ADDR, PhysRange, PhysRangeError};
pub use physical_ranges::{AllocateError, OwnershipError, PhysicalRanges};
pub use shape::ShapeError;
pub use two_mib_stock::{StockFull, TwoMibStock};
pub use virt_range::{VirtRange, VirtRangeError};
pub use virtual_ranges::{
    AllocatePagesError, Guards, PageState, PageStateError, Reuse, VirtualAllocation, VirtualRanges,
};

/// The maps live behind locks that all processors use.
const _: () = {
    /// Compiles only for what may go from one processor to another.
    const fn is_send<T: Send>() {}
    is_send::<PhysicalRanges>();
    is_send::<FrameBlocks>();
    is_send::<VirtualRanges>();
};
