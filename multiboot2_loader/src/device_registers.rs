//! A device's registers in memory, 32 bits each.

use multiboot2_loader_core::address::{Extent, PhysAddr};
use multiboot2_loader_core::physical_memory::OutOfReach;

use crate::direct_map;

/// A block of registers in the first 4 GiB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeviceRegisters {
    /// The first of them.
    base: *mut u8,
    /// Size of the block.
    size_bytes: usize,
}

impl DeviceRegisters {
    /// A block of `size_bytes`.
    ///
    /// # Errors
    /// When it is not in the first 4 GiB or not at a multiple of 4.
    ///
    /// # Safety
    /// There is a device whose registers may be read without harm, or nothing at all.
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
        // SAFETY: The register is mapped and aligned; reading it is harmless, as the constructor's caller promised.
        unsafe { self.register(offset).read_volatile() }
    }

    /// Writes the register at `offset`, a multiple of 4 inside the block.
    ///
    /// # Safety
    /// The device takes the value without harm to the loader.
    pub(crate) unsafe fn write(&self, offset: usize, value: u32) {
        // SAFETY: The register is mapped and aligned; what the value does is the caller's promise.
        unsafe { self.register(offset).write_volatile(value) };
    }

    /// Where a register is.
    fn register(&self, offset: usize) -> *mut u32 {
        assert!(
            offset.is_multiple_of(4) && offset < self.size_bytes,
            "offsets are constants or checked by the caller"
        );
        self.base.wrapping_add(offset).cast()
    }
}
