//! The part of the Multiboot2 loader that needs no hardware.
//!
//! GRUB starts the loader by Multiboot2; the loader speaks the Limine boot protocol to the kernel. What can be decided
//! from bytes alone is here, in safe code, and is tested on the host: reading what GRUB and the firmware say, the
//! memory map, the final page tables, the kernel file, the protocol's requests and responses.
//!
//! What always holds:
//! - Everything read from outside is an allegation. It is checked once, and a typed error carries the facts.
//! - No byte sequence from outside makes this library panic or loop for ever.
//! - Memory is reached through [`physical_memory::PhysicalMemory`] or a byte slice that the caller owns.
//!
//! It leaves registers, processors, ports and the jump to the package `multiboot2_loader`.
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
