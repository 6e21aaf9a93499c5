//! Registers of a device in memory, 32 bits each.

use multiboot2_loader_core::address::{Extent, PhysAddr};
use multiboot2_loader_core::physical_memory::OutOfReach;

use crate::direct_map;

/// A block of registers in the first 4 GiB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeviceRegisters {
    /// The first register.
    base: *mut u8,
    /// Size of the block.
    size_bytes: usize,
}

impl DeviceRegisters {
    /// Creates a block of `size_bytes` bytes.
    ///
    /// # Errors
    /// The block is not in the first 4 GiB, or not aligned to 4 bytes.
    ///
    /// # Safety
    /// At this address is a device whose registers can be read without side effects, or no device.
    pub(crate) unsafe fn new(base: PhysAddr, size_bytes: usize) -> Result<Self, OutOfReach> {
        let length_bytes = size_bytes as u64;
        if !base.as_u64().is_multiple_of(4) {
            return Err(OutOfReach {
                address: base,
                length_bytes,
            });
        }
        let base = direct_map::pointer(Extent::new(base, length_bytes))?;
        Ok(Self { base, size_bytes })
    }

    /// Reads the register at `offset`, a multiple of 4 inside the block.
    pub(crate) fn read(&self, offset: usize) -> u32 {
        // SAFETY: The register is mapped and aligned; the constructor's caller promised that a read is harmless.
        unsafe { self.register(offset).read_volatile() }
    }

    /// Writes the register at `offset`, a multiple of 4 inside the block.
    ///
    /// # Safety
    /// The value does not make the device affect the loader.
    pub(crate) unsafe fn write(&self, offset: usize, value: u32) {
        // SAFETY: The register is mapped and aligned; the caller promises that the value is harmless.
        unsafe { self.register(offset).write_volatile(value) };
    }

    /// Returns the address of a register.
    fn register(&self, offset: usize) -> *mut u32 {
        assert!(
            offset.is_multiple_of(4) && offset < self.size_bytes,
            "offsets are constants or checked by the caller"
        );
        self.base.wrapping_add(offset).cast()
    }
}
