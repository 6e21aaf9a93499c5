//! Physical memory as the loader's page tables show it: the first 4 GiB, in the direct map.
//!
//! What always holds: nothing outside the first 4 GiB is touched, whatever address firmware or GRUB names.

use core::ptr;

use multiboot2_loader_core::address::{Extent, FOUR_GIB, PhysAddr};
use multiboot2_loader_core::physical_memory::{OutOfReach, PhysicalMemory};

/// The first 4 GiB.
#[derive(Debug)]
pub(crate) struct DirectMap(());

impl DirectMap {
    /// Gives access to memory.
    ///
    /// # Safety
    /// The loader's page tables are in use for as long as the value is. Whoever has it writes only to memory that the
    /// memory map gave out for that, or that belongs to nobody.
    pub(crate) const unsafe fn new() -> Self {
        Self(())
    }
}

impl PhysicalMemory for DirectMap {
    fn read(&self, address: PhysAddr, bytes: &mut [u8]) -> Result<(), OutOfReach> {
        let source = pointer(Extent::new(address, bytes.len() as u64))?;
        // SAFETY: The source is mapped, since it lies in the first 4 GiB; a borrowed slice is not written by others.
        unsafe { ptr::copy(source, bytes.as_mut_ptr(), bytes.len()) };
        Ok(())
    }

    fn write(&mut self, address: PhysAddr, bytes: &[u8]) -> Result<(), OutOfReach> {
        let target = pointer(Extent::new(address, bytes.len() as u64))?;
        // SAFETY: The target is mapped, and whoever has this value promised to write to memory for that only.
        unsafe { ptr::copy(bytes.as_ptr(), target, bytes.len()) };
        Ok(())
    }
}

/// Memory as a slice.
///
/// # Errors
/// When not all of it lies in the first 4 GiB.
///
/// # Safety
/// Nobody writes to the memory while the slice is used.
pub(crate) unsafe fn slice<'a>(extent: Extent) -> Result<&'a [u8], OutOfReach> {
    let (start, length) = (pointer(extent)?, length_of(extent)?);
    // SAFETY: All of it is mapped and any byte is a value; that nobody writes is the caller's promise.
    Ok(unsafe { core::slice::from_raw_parts(start, length) })
}

/// Memory as a slice that may be written.
///
/// # Errors
/// When not all of it lies in the first 4 GiB.
///
/// # Safety
/// Nobody else uses the memory while the slice is used.
pub(crate) unsafe fn slice_mut<'a>(extent: Extent) -> Result<&'a mut [u8], OutOfReach> {
    let (start, length) = (pointer(extent)?, length_of(extent)?);
    // SAFETY: All of it is mapped and any byte is a value; that nobody else uses it is the caller's promise.
    Ok(unsafe { core::slice::from_raw_parts_mut(start, length) })
}

/// Where the direct map shows device registers or memory.
///
/// # Errors
/// When not all of it lies in the first 4 GiB.
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

/// How long the slice is.
fn length_of(extent: Extent) -> Result<usize, OutOfReach> {
    usize::try_from(extent.length_bytes).map_err(|_| OutOfReach {
        address: extent.base,
        length_bytes: extent.length_bytes,
    })
}
