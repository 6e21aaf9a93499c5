//! The hardware-free part of the Multiboot2 loader.
//!
//! GRUB starts the loader by Multiboot2; the loader speaks the Limine boot protocol to the kernel. Everything
//! that works on bytes alone is here, in safe code, tested on the host: boot information, firmware tables, memory map, page tables,
//! kernel file, requests and responses of the protocol.
//!
//! Always true:
//! - Everything from outside is untrusted. It is validated once; a typed error carries the facts.
//! - No input makes this library panic or loop for ever.
//! - Memory is accessed only through [`physical_memory::PhysicalMemory`] or a byte slice of the caller.
//!
//! The package `multiboot2_loader` has the rest: registers, processors, ports, and the jump to the kernel.
#![no_std]
#![forbid(unsafe_code)]

pub mod acpi;
pub mod address;
pub mod boot_information;
mod bytes;
pub mod command_line;
pub mod date;
pub mod efi;
pub mod firmware_memory_map;
pub mod frame_buffer;
pub mod kernel_elf;
pub mod limine_requests;
pub mod memory_map;
pub mod memory_map_construction;
pub mod page_tables;
pub mod physical_memory;
pub mod pool;
pub mod responses;
pub mod smbios;
