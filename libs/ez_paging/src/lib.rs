//! Page tables as owned values: address spaces for a kernel and its programs, on x86_64 with four levels.
//!
//! Words: a *page* is a block of virtual memory, a *frame* a block of physical memory; both have a [`PageSize`]. A *page
//! table* is a frame whose 512 entries map pages to frames or lead to lower tables. The CPU caches translations in its TLB,
//! which must be *flushed* after a change.
//!
//! Start with [`ManagedL4PageTable`]. The file `map.rs` has its operations to map pages, `unmap.rs` those to unmap them;
//! `walk.rs` is the way through the tables that both use.
//!
//! What always holds:
//! - An operation that fails changes nothing and keeps nothing.
//! - Every frame that was allocated for a table is freed, at the latest when its [`ManagedL4PageTable`] is dropped.
//! - No reserved bit of an entry is ever set. Pages, frames, sizes and memory types that the CPU lacks are refused, or
//!   replaced where [`PagingFeatures`] and [`PatMemoryType`] say so.
//! - Nothing here executes a privileged instruction, except [`ManagedL4PageTable::switch_to`].
//!
//! ```
//! use ez_paging::{
//!     ConfigurableFlags, ManagedL4PageTable, MapRangeError, PageTableMemory, PagingConfig, PagingFeatures, PatMemoryType,
//! };
//! use raw_cpuid::CpuId;
//! use x86_64::{PhysAddr, VirtAddr};
//!
//! fn kernel_table<M: PageTableMemory>(memory: M) -> Result<ManagedL4PageTable<M>, MapRangeError> {
//!     let config = PagingConfig::new_kernel(memory, PagingFeatures::new(&CpuId::new()));
//!     let mut table = ManagedL4PageTable::new_kernel(config)?;
//!     let data = ConfigurableFlags { writable: true, executable: false, pat_memory_type: PatMemoryType::WriteBack };
//!     let start = VirtAddr::new(0xffff_8000_0010_0000);
//!     // SAFETY: No CPU uses the table yet.
//!     let flush = unsafe { table.map_range(start, PhysAddr::new(0x10_0000), 0x40_0000, data) }?;
//!     flush.ignore();
//!     Ok(table)
//! }
//! ```
#![no_std]

mod block;
mod entry;
mod errors;
mod flush;
mod half;
mod managed_l4_page_table;
mod managed_pat;
mod map;
mod owned_4kib_frame;
mod owned_table;
mod page_size;
mod page_table;
mod page_table_memory;
mod paging_config;
mod paging_features;
mod table_stack;
mod unmap;
mod walk;

pub use block::{Address, Block, Frame, Misaligned, MisalignedFrame, MisalignedPage, Page};
pub use errors::{Existing, MapError, MapRangeError, MappedPageError, OutOfFrames, UnmapRangeError};
pub use flush::Flush;
pub use half::Half;
pub use managed_l4_page_table::{ManagedL4PageTable, Translation};
pub use managed_pat::{ManagedPat, PatMemoryType};
pub use owned_4kib_frame::Owned4KibFrame;
pub use page_size::{PageSize, max_page_size};
pub use page_table::PageTable;
pub use page_table_memory::PageTableMemory;
pub use paging_config::{ConfigurableFlags, PagingConfig};
pub use paging_features::PagingFeatures;
pub use unmap::Unmapped;
