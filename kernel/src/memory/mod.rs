//! Memory: the heap, who owns which physical memory, and the kernel's address space.
//!
//! Locks, each of which may be held while one behind it is taken: virtual memory, frame cache, physical memory, heap,
//! heap stock. The log may be used under none of them but by a panic.

pub mod address_space;
mod create_page_tables;
pub mod frame_cache;
pub mod global_allocator;
pub mod guarded_stack;
mod heap_stock;
mod init;
mod kernel_table;
pub mod owned_ram;
pub mod physical_memory;
pub mod virtual_memory;

pub use create_page_tables::CreatePageTablesError;
pub use init::{InitMemoryError, init};
pub use memory_ranges::{KernelMemoryUsageType, MemoryType};
