//! Access to physical memory through the loader's direct map: the first 4 GiB.
//!
//! Always true: nothing outside the first 4 GiB is accessed, whatever address firmware or GRUB names.

use core::ptr;

use multiboot2_loader_core::address::{Extent, FOUR_GIB, PhysAddr};
use multiboot2_loader_core::physical_memory::{OutOfReach, PhysicalMemory};

/// The first 4 GiB.
#[derive(Debug)]
pub(crate) struct DirectMap(());

impl DirectMap {
    /// Creates the access.
    ///
    /// # Safety
    /// The loader's page tables are in use as long as the value exists. It is used to write only to memory that was allocated from the
    /// memory map for this purpose, or that is unused.
    pub(crate) const unsafe fn new() -> Self {
        Self(())
    }
}

impl PhysicalMemory for DirectMap {
    fn read(&self, address: PhysAddr, bytes: &mut [u8]) -> Result<(), OutOfReach> {
        let source = pointer(Extent::new(address, bytes.len() as u64))?;
        // SAFETY: The source is mapped, since it lies in the first 4 GiB; a borrowed slice is not written meanwhile.
        unsafe { ptr::copy(source, bytes.as_mut_ptr(), bytes.len()) };
        Ok(())
    }

    fn write(&mut self, address: PhysAddr, bytes: &[u8]) -> Result<(), OutOfReach> {
        let target = pointer(Extent::new(address, bytes.len() as u64))?;
        // SAFETY: The target is mapped; by the promise of the constructor's caller it may be written.
        unsafe { ptr::copy(bytes.as_ptr(), target, bytes.len()) };
        Ok(())
    }
}

/// Returns memory as a slice.
///
/// # Errors
/// A part lies outside the first 4 GiB.
///
/// # Safety
/// The memory is not written while the slice is in use.
pub(crate) unsafe fn slice<'a>(extent: Extent) -> Result<&'a [u8], OutOfReach> {
    let (start, length) = (pointer(extent)?, length_of(extent)?);
    // SAFETY: All of it is mapped, and any byte is valid; the caller promises that it is not written.
    Ok(unsafe { core::slice::from_raw_parts(start, length) })
}

/// Returns memory as a mutable slice.
///
/// # Errors
/// A part lies outside the first 4 GiB.
///
/// # Safety
/// Nothing else accesses the memory while the slice is in use.
pub(crate) unsafe fn slice_mut<'a>(extent: Extent) -> Result<&'a mut [u8], OutOfReach> {
    let (start, length) = (pointer(extent)?, length_of(extent)?);
    // SAFETY: All of it is mapped, and any byte is valid; the caller promises exclusive access.
    Ok(unsafe { core::slice::from_raw_parts_mut(start, length) })
}

/// Returns the address of memory or device registers in the direct map.
///
/// # Errors
/// A part lies outside the first 4 GiB.
pub(crate) fn pointer(extent: Extent) -> Result<*mut u8, OutOfReach> {
    let out_of_reach = OutOfReach {
        address: extent.base,
        length_bytes: extent.length_bytes,
    };
    match extent.base.checked_add(extent.length_bytes) {
        Some(end) if end.as_u64() <= FOUR_GIB => {}
        _ => return Err(out_of_reach),
    }
    let address = usize::try_from(extent.base.hhdm_alias().as_u64()).map_err(|_| out_of_reach)?;
    Ok(ptr::with_exposed_provenance_mut(address))
}

/// Returns the length of the slice.
fn length_of(extent: Extent) -> Result<usize, OutOfReach> {
    usize::try_from(extent.length_bytes).map_err(|_| OutOfReach {
        address: extent.base,
        length_bytes: extent.length_bytes,
    })
}
