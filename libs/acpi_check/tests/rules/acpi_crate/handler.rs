//! Physical memory that holds the copy and nothing else, and a machine without registers.

use std::mem::size_of;
use std::ptr::NonNull;
use std::rc::Rc;

use acpi::aml::AmlError;
use acpi::{Handle, Handler, PciAddress, PhysicalMapping};

/// The copy, and where it lies. The words make it begin at a multiple of 8, as it does in the kernel, and there is not
/// one byte more: a tool that watches memory (Miri, AddressSanitizer) sees whoever leaves it.
#[derive(Clone)]
pub(crate) struct CopyAlone {
    words: Rc<[u64]>,
    base: usize,
}

impl CopyAlone {
    pub(crate) fn new(image: &[u8], base: usize) -> Self {
        let (words, rest) = image.as_chunks::<8>();
        assert!(rest.is_empty(), "the copy is as long as whole tables");
        Self {
            words: words.iter().map(|word| u64::from_ne_bytes(*word)).collect(),
            base,
        }
    }
}

/// What no table may lead to.
fn no_registers() -> ! {
    panic!("the crate wants to use a register");
}

impl Handler for CopyAlone {
    unsafe fn map_physical_region<T>(&self, physical_address: usize, size: usize) -> PhysicalMapping<Self, T> {
        let size_bytes = size_of::<u64>() * self.words.len();
        let offset = physical_address.checked_sub(self.base).expect("before the copy");
        let end = offset.checked_add(size.max(size_of::<T>())).expect("no such size");
        assert!(end <= size_bytes, "behind the copy: {end:#x} of {size_bytes:#x}");
        let start = self.words.as_ptr().cast::<T>().cast_mut();
        PhysicalMapping {
            physical_start: physical_address,
            virtual_start: NonNull::new(start.wrapping_byte_add(offset)).expect("it lies in the copy"),
            region_length: size,
            mapped_length: size,
            handler: self.clone(),
        }
    }

    fn unmap_physical_region<T>(_: &PhysicalMapping<Self, T>) {}

    fn read_u8(&self, _: usize) -> u8 {
        no_registers()
    }

    fn read_u16(&self, _: usize) -> u16 {
        no_registers()
    }

    fn read_u32(&self, _: usize) -> u32 {
        no_registers()
    }

    fn read_u64(&self, _: usize) -> u64 {
        no_registers()
    }

    fn write_u8(&self, _: usize, _: u8) {
        no_registers()
    }

    fn write_u16(&self, _: usize, _: u16) {
        no_registers()
    }

    fn write_u32(&self, _: usize, _: u32) {
        no_registers()
    }

    fn write_u64(&self, _: usize, _: u64) {
        no_registers()
    }

    fn read_io_u8(&self, _: u16) -> u8 {
        no_registers()
    }

    fn read_io_u16(&self, _: u16) -> u16 {
        no_registers()
    }

    fn read_io_u32(&self, _: u16) -> u32 {
        no_registers()
    }

    fn write_io_u8(&self, _: u16, _: u8) {
        no_registers()
    }

    fn write_io_u16(&self, _: u16, _: u16) {
        no_registers()
    }

    fn write_io_u32(&self, _: u16, _: u32) {
        no_registers()
    }

    fn read_pci_u8(&self, _: PciAddress, _: u16) -> u8 {
        no_registers()
    }

    fn read_pci_u16(&self, _: PciAddress, _: u16) -> u16 {
        no_registers()
    }

    fn read_pci_u32(&self, _: PciAddress, _: u16) -> u32 {
        no_registers()
    }

    fn write_pci_u8(&self, _: PciAddress, _: u16, _: u8) {
        no_registers()
    }

    fn write_pci_u16(&self, _: PciAddress, _: u16, _: u16) {
        no_registers()
    }

    fn write_pci_u32(&self, _: PciAddress, _: u16, _: u32) {
        no_registers()
    }

    fn nanos_since_boot(&self) -> u64 {
        no_registers()
    }

    fn stall(&self, _: u64) {
        no_registers()
    }

    fn sleep(&self, _: u64) {
        no_registers()
    }

    fn create_mutex(&self) -> Handle {
        no_registers()
    }

    fn acquire(&self, _: Handle, _: u16) -> Result<(), AmlError> {
        no_registers()
    }

    fn release(&self, _: Handle) {
        no_registers()
    }
}
