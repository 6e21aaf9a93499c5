//! Any bytes as the memory in which SMBIOS's and EFI's tables lie, and as the ACPI tables that the loader looks into.
//! The reading of ACPI's tables has fuzz targets of its own, with `acpi_check`.
#![no_main]

use acpi_check::{Checksum, Signature, Table};
use libfuzzer_sys::fuzz_target;
use multiboot2_loader_core::acpi::{dmar, madt, rsdp_search};
use multiboot2_loader_core::address::PhysAddr;
use multiboot2_loader_core::efi::EfiTables;
use multiboot2_loader_core::physical_memory::{OutOfReach, PhysicalMemory};
use multiboot2_loader_core::smbios;

/// The bytes lie from address 4096 on.
const BASE: u64 = 4096;

/// Memory that holds the fuzzer's bytes.
struct Memory<'a>(&'a [u8]);

impl PhysicalMemory for Memory<'_> {
    fn read(&self, address: PhysAddr, bytes: &mut [u8]) -> Result<(), OutOfReach> {
        let out_of_reach = OutOfReach {
            address,
            length_bytes: bytes.len() as u64,
        };
        let offset = address
            .as_u64()
            .checked_sub(BASE)
            .and_then(|offset| usize::try_from(offset).ok());
        let source = offset
            .and_then(|offset| self.0.get(offset..)?.get(..bytes.len()))
            .ok_or(out_of_reach)?;
        bytes.copy_from_slice(source);
        Ok(())
    }

    fn write(&mut self, address: PhysAddr, bytes: &[u8]) -> Result<(), OutOfReach> {
        Err(OutOfReach {
            address,
            length_bytes: bytes.len() as u64,
        })
    }
}

fuzz_target!(|bytes: &[u8]| {
    let memory = Memory(bytes);
    let base = PhysAddr::new(BASE);
    _ = EfiTables::walk(&memory, base);
    _ = smbios::check(&memory, [Some(base), None]);
    _ = rsdp_search::find_in_low_memory(&memory);
    // Checksums are a wall for the fuzzer: start behind them.
    let table = Table {
        signature: Signature::MADT,
        address: base.into(),
        length_bytes: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
        checksum: Checksum::Right,
    };
    _ = madt::read(&memory, &table);
    _ = dmar::remapping_units(&memory, &table);
});
