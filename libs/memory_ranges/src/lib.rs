//! Bookkeeping of memory by ranges: who owns each frame of physical memory, and which virtual pages are in use. Nothing
//! here touches the memory itself.
//!
//! The order of the boot: [`find_first_piece`] finds the heap's first memory, because everything else here needs the
//! heap. [`BootMap`] checks the boot loader's memory map. [`PhysicalRanges`] starts from the checked map, and
//! [`VirtualRanges`] from a window of the address space. [`FrameBlocks`] allocates single frames from larger blocks, so
//! that the map of physical memory stays short.
//!
//! # Locks
//!
//! The interval trees and the blocks allocate on the heap. So the kernel uses them under its memory lock, and the heap's
//! lock is taken inside: memory → heap. When the heap is empty, it grows while its own lock is held. It must not use
//! these maps then; it takes memory that was set aside before.
//!
//! # Example
//!
//! ```
//! use memory_ranges::{
//!     BootClaim, BootMap, BootMemoryKind, FrameBlocks, KernelMemoryUsageType, LAST_PHYS_ADDR, MemoryType, PhysicalRanges,
//!     PutBack, VirtRange, VirtualRanges,
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
//! let mut physical = PhysicalRanges::from_boot_map(&map);
//!
//! let stack = MemoryType::UsedByKernel(KernelMemoryUsageType::Stack);
//! let range = physical.allocate(0x1_0000, 0x1000, LAST_PHYS_ADDR, stack).unwrap();
//! assert!(physical.free(range, MemoryType::UsedByUserMode).is_err());
//! physical.free(range, stack).unwrap();
//! assert_eq!(physical.reclaim(MemoryType::UsedByLimine, |_range| {}), 0x10_0000);
//!
//! let single_frames = MemoryType::UsedByKernel(KernelMemoryUsageType::SingleFrames);
//! let mut blocks = FrameBlocks::new();
//! blocks.add(physical.allocate_up_to(0x20_0000, single_frames).unwrap());
//! let mut taken = Vec::new();
//! blocks.take(32, |frame| taken.push(frame));
//! for frame in taken {
//!     if let PutBack::WholeBlock(block) = blocks.put_back(frame).unwrap() {
//!         block.ranges().for_each(|range| physical.free(range, single_frames).unwrap());
//!     }
//! }
//!
//! let window = VirtRange::new(VirtAddr::new(0xffff_9000_0000_0000), 1 << 30).unwrap();
//! let mut pages = VirtualRanges::new(window);
//! let allocated = pages.allocate_contiguous_pages(16, 1).unwrap();
//! assert_eq!(allocated.pages.start(), window.start() + 0x1000);
//! pages.free(allocated.whole).unwrap();
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod address_range;
mod boot_claim;
mod boot_map;
mod first_piece;
mod frame_block;
mod frame_blocks;
mod interval_map;
mod memory_type;
mod pages;
mod physical_ranges;
mod virtual_ranges;

pub use address_range::{Address, AddressRange, LAST_PHYS_ADDR, PhysRange, RangeError, VirtRange};
pub use boot_claim::{BootClaim, BootMemoryKind};
pub use boot_map::{BootMap, BootMapNote};
pub use first_piece::find_first_piece;
pub use frame_block::FrameBlock;
pub use frame_blocks::{FrameBlocks, NotTaken, PutBack};
pub use memory_type::{KernelMemoryUsageType, MemoryType};
pub use pages::PAGE_BYTES;
pub use physical_ranges::{AllocateError, OwnershipError, PhysicalRanges};
pub use virtual_ranges::{AllocatePagesError, PageState, PageStateError, VirtualAllocation, VirtualRanges};
