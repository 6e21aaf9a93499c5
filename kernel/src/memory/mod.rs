//! Memory: the heap, who owns which physical memory, and the kernel's address space.
//!
//! Locks, each of which may be held while one behind it is taken: virtual memory, frame cache, physical memory, heap,
//! heap stock. The log may be used under none of them but by a panic.

pub mod address_space;
mod create_page_tables;
pub mod frame_allocator;
pub mod global_allocator;
pub mod guarded_stack;
mod heap_stock;
mod init;
pub mod kernel_table;
pub mod module_memory;
pub mod owned_ram;
pub mod physical_memory;
pub mod shootdown;
pub mod user_access;
pub mod user_address_space;
pub mod user_copy;
pub mod user_layout;
pub mod user_slice;
pub mod virtual_memory;

pub use create_page_tables::CreatePageTablesError;
pub use init::{InitMemoryError, init};
pub use memory_ranges::{KernelMemoryUsageType, MemoryType};
