//! The rules of the loader's hardware-free part, one test each, named after the rule.

mod acpi;
mod boot_information;
mod command_line;
mod date;
mod dmar;
mod efi;
mod fixtures;
mod frame_buffer;
mod kernel_elf;
mod limine_requests;
mod madt;
mod memory_map;
mod memory_map_construction;
mod memory_map_properties;
mod page_tables;
mod pool;
mod responses;
mod smbios;
mod support;
