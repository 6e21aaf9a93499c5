//! Any bytes as the memory in which ACPI's, SMBIOS's and EFI's tables lie.
#![no_main]

use libfuzzer_sys::fuzz_target;
use multiboot2_loader_core::acpi::rsdp::{self, Rsdp};
use multiboot2_loader_core::acpi::tables::{Checksum, Table};
use multiboot2_loader_core::acpi::{madt, tables};
use multiboot2_loader_core::address::{Extent, PhysAddr};
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
    _ = rsdp::check(&memory, base);
    // Checksums are a wall for the fuzzer: start behind them as well.
    for (rsdt, xsdt) in [(Some(base), None), (None, Some(base))] {
        _ = tables::list(
            &memory,
            &Rsdp {
                address: base,
                length_bytes: 36,
                rsdt,
                xsdt,
            },
        );
    }
    let extent = Extent::new(base, bytes.len() as u64);
    _ = madt::read(
        &memory,
        &Table {
            signature: *b"APIC",
            extent,
            checksum: Checksum::Right,
        },
    );
});
