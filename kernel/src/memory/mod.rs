//! Memory: the heap, the owner of each frame of physical memory, and address spaces.
//!
//! Lock order, outermost first: virtual memory, a processor's frame cache, physical memory, heap, heap stock. Nothing may
//! log while it holds one of them, except a panic.

pub mod address_space;
mod create_page_tables;
mod dead_region;
mod fill;
pub mod frame_allocator;
pub mod global_allocator;
pub mod guarded_stack;
mod heap_stock;
mod init;
pub mod mapped_region;
pub mod module_memory;
pub mod owned_ram;
pub mod page_tables;
pub mod physical_memory;
pub mod shootdown;
pub mod user_access;
pub mod user_address_space;
pub mod user_copy;
pub mod user_layout;
pub mod virtual_memory;

pub use init::{InitMemoryError, init};
pub use memory_ranges::{KernelMemoryUsageType, MemoryType};
