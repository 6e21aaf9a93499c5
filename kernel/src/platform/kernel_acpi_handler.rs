//! What the crate `acpi` may touch: the kernel's copy of the tables, and nothing else.

use crate::boot::hhdm_offset::OffsetMappedPhysAddr;
use acpi::{Handle, Handler, PciAddress, PhysicalMapping, aml::AmlError};
use core::ptr::NonNull;
use x86_64::PhysAddr;

/// Gives the crate memory of the copy.
#[derive(Debug, Clone, Copy)]
pub(super) struct KernelAcpiHandler {
    /// Where the copy begins.
    base: PhysAddr,
    /// How long it is.
    length: usize,
}

impl KernelAcpiHandler {
    /// A handler for a copy of the tables.
    pub(super) fn new(base: PhysAddr, length: usize) -> Self {
        Self { base, length }
    }

    /// Where a piece of the copy begins. The copy leads nowhere else; if the crate asked for more all the same, it would read
    /// the beginning of the copy, and not somebody else's memory.
    fn offset_of(self, physical_address: usize, size: usize) -> u64 {
        let base = usize::try_from(self.base.as_u64()).unwrap_or(usize::MAX);
        let offset = physical_address.checked_sub(base);
        let fits = |offset: &usize| offset.checked_add(size).is_some_and(|end| end <= self.length);
        offset.filter(fits).unwrap_or(0) as u64
    }
}

/// Answers for registers, which the crate uses for AML and power management only: none of that is asked of it. A read finds
/// what reads of absent devices find, a write goes nowhere.
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

    /// Time, for AML.
    fn nanos_since_boot(&self) -> u64 {
        super::clock::Instant::now().as_ns()
    }

    /// For AML, which is not run.
    fn stall(&self, _microseconds: u64) {}

    /// As [`Self::stall`].
    fn sleep(&self, _milliseconds: u64) {}

    /// As [`Self::stall`].
    fn create_mutex(&self) -> Handle {
        Handle(0)
    }

    /// As [`Self::stall`].
    fn acquire(&self, _mutex: Handle, _timeout: u16) -> Result<(), AmlError> {
        Err(AmlError::MutexAcquireTimeout)
    }

    /// As [`Self::stall`].
    fn release(&self, _mutex: Handle) {}
}
