//! The entry from GRUB, and its handover to Rust.
//!
//! Always true from [`Handover`] on: long mode, interrupts off, the first 4 GiB of physical memory in the direct
//! map (and at their own addresses, for the start of the other processors), the image at its linked address.

use core::arch::global_asm;

use multiboot2_loader_core::address::{Extent, PhysAddr};

use crate::cpu::descriptor_table::{DESCRIPTOR_TABLE, DESCRIPTOR_TABLE_LIMIT};
use crate::cpu::registers::{CONTROL_REGISTER_0, CONTROL_REGISTER_4};

global_asm!(
    include_str!("entry/multiboot2_header.s"),
    include_str!("entry/start.s"),
    control_register_0 = const CONTROL_REGISTER_0,
    control_register_4 = const CONTROL_REGISTER_4,
    descriptor_table = sym DESCRIPTOR_TABLE,
    descriptor_table_limit = const DESCRIPTOR_TABLE_LIMIT,
);

unsafe extern "C" {
    /// First byte of the image.
    safe static image_start: u8;
    /// End of the image, including its zeros (exclusive).
    safe static image_end: u8;
    /// Top page table that the entry created.
    safe static page_tables: u8;
}

/// Data from the entry.
#[derive(Clone, Copy, Debug)]
pub struct Handover {
    /// Address of GRUB's boot information.
    boot_information: PhysAddr,
    /// Address at which GRUB loaded the image.
    image_base: PhysAddr,
}

impl Handover {
    /// Converts the arguments with which the entry calls `loader_main`.
    #[must_use]
    pub const fn new(boot_information: u64, image_base: u64) -> Self {
        Self {
            boot_information: PhysAddr::new(boot_information),
            image_base: PhysAddr::new(image_base),
        }
    }

    /// Address of GRUB's boot information.
    pub(crate) const fn boot_information(&self) -> PhysAddr {
        self.boot_information
    }

    /// Returns the address range of the image.
    pub(crate) fn image(&self) -> Extent {
        let length_bytes = (&raw const image_end).addr() - (&raw const image_start).addr();
        Extent::new(self.image_base, length_bytes as u64)
    }

    /// Returns the physical address of the byte that is linked to `virtual_address`.
    pub(crate) fn physical_address_of(&self, virtual_address: usize) -> PhysAddr {
        let offset = virtual_address - (&raw const image_start).addr();
        PhysAddr::new(self.image_base.as_u64() + offset as u64)
    }

    /// The page tables in use. They lie below 2 GiB, like the whole image.
    pub(crate) fn page_tables(&self) -> PhysAddr {
        self.physical_address_of((&raw const page_tables).addr())
    }
}
