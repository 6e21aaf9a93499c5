//! What the boot loader says, asked for in one file and checked in another.

pub mod boot_info;
mod boot_string;
pub mod hhdm_offset;
pub mod limine_requests;
pub mod memory_map;
pub mod module;
pub mod screen;
