//! Gives the crate `acpi` access to the kernel's copy of the tables, and to nothing else.

use crate::boot::hhdm_offset::OffsetMappedPhysAddr;
use acpi::{Handle, Handler, PciAddress, PhysicalMapping, aml::AmlError};
use core::ptr::NonNull;
use x86_64::PhysAddr;

/// Maps ranges of the copy for the crate.
#[derive(Debug, Clone, Copy)]
pub(super) struct KernelAcpiHandler {
    base: PhysAddr,
    /// In bytes.
    length: usize,
}

impl KernelAcpiHandler {
    pub(super) fn new(base: PhysAddr, length: usize) -> Self {
        Self { base, length }
    }

    /// Offset of a range in the copy. Every pointer in the copy leads into it. If the crate asked for a range outside
    /// nevertheless, it would get the beginning of the copy, not foreign memory.
    fn offset_of(self, physical_address: usize, size: usize) -> u64 {
        let base = usize::try_from(self.base.as_u64()).unwrap_or(usize::MAX);
        let offset = physical_address.checked_sub(base);
        let fits = |offset: &usize| offset.checked_add(size).is_some_and(|end| end <= self.length);
        offset.filter(fits).unwrap_or(0) as u64
    }
}

/// Register access, which the crate needs only for AML and power management; the kernel uses neither. A read returns all ones, as
/// from an absent device; a write has no effect.
macro_rules! without_registers {
    ($(fn $read:ident($($read_name:ident: $read_type:ty),*) -> $value:ty, fn $write:ident;)*) => {
        $(
            fn $read(&self, $($read_name: $read_type),*) -> $value {
                $(let _ = $read_name;)*
                <$value>::MAX
            }

            fn $write(&self, $($read_name: $read_type,)* value: $value) {
                $(let _ = $read_name;)*
                let _ = value;
            }
        )*
    };
}

impl Handler for KernelAcpiHandler {
    unsafe fn map_physical_region<T>(&self, physical_address: usize, size: usize) -> PhysicalMapping<Self, T> {
        let virtual_address = (self.base + self.offset_of(physical_address, size)).offset_mapped();
        PhysicalMapping {
            physical_start: physical_address,
            virtual_start: NonNull::new(virtual_address.as_mut_ptr()).unwrap_or(NonNull::dangling()),
            region_length: size,
            mapped_length: size,
            handler: *self,
        }
    }

    /// The copy stays mapped.
    fn unmap_physical_region<T>(_region: &PhysicalMapping<Self, T>) {}

    without_registers! {
        fn read_u8(address: usize) -> u8, fn write_u8;
        fn read_u16(address: usize) -> u16, fn write_u16;
        fn read_u32(address: usize) -> u32, fn write_u32;
        fn read_u64(address: usize) -> u64, fn write_u64;
        fn read_io_u8(port: u16) -> u8, fn write_io_u8;
        fn read_io_u16(port: u16) -> u16, fn write_io_u16;
        fn read_io_u32(port: u16) -> u32, fn write_io_u32;
        fn read_pci_u8(address: PciAddress, offset: u16) -> u8, fn write_pci_u8;
        fn read_pci_u16(address: PciAddress, offset: u16) -> u16, fn write_pci_u16;
        fn read_pci_u32(address: PciAddress, offset: u16) -> u32, fn write_pci_u32;
    }

    fn nanos_since_boot(&self) -> u64 {
        super::clock::Instant::now().as_ns()
    }

    /// For AML, which the kernel does not run; so are the functions below.
    fn stall(&self, _microseconds: u64) {}

    fn sleep(&self, _milliseconds: u64) {}

    fn create_mutex(&self) -> Handle {
        Handle(0)
    }

    fn acquire(&self, _mutex: Handle, _timeout: u16) -> Result<(), AmlError> {
        Err(AmlError::MutexAcquireTimeout)
    }

    fn release(&self, _mutex: Handle) {}
}
