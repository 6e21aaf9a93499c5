//! Requests to the boot loader (`limine_requests`), and its validated responses (the other files).

pub mod boot_info;
mod boot_string;
pub mod hhdm_offset;
pub mod limine_requests;
pub mod memory_map;
pub mod module;
pub mod screen;
