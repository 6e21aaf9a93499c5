//! The ACPI tables that the loader needs: their addresses, so that the kernel can read them, and the list of processors.
//!
//! The library `acpi_check` reads and validates the tables. This module has only what a loader does with them.

pub mod dmar;
pub mod madt;
pub mod rsdp_search;

use acpi_check::{AllegedAddress, ReadMemory, Table};

use crate::address::{Extent, PhysAddr};
use crate::physical_memory::PhysicalMemory;

/// Memory as `acpi_check` reads it.
#[derive(Debug)]
pub struct AcpiMemory<'a, M>(pub &'a M);

impl<M: PhysicalMemory> ReadMemory for AcpiMemory<'_, M> {
    fn read(&self, address: AllegedAddress, bytes: &mut [u8]) -> Result<(), acpi_check::OutOfReach> {
        let length_bytes = bytes.len() as u64;
        self.0
            .read(address.into(), bytes)
            .map_err(|_| acpi_check::OutOfReach { address, length_bytes })
    }
}

impl From<AllegedAddress> for PhysAddr {
    fn from(address: AllegedAddress) -> Self {
        Self::new(address.as_u64())
    }
}

impl From<PhysAddr> for AllegedAddress {
    fn from(address: PhysAddr) -> Self {
        Self::new(address.as_u64())
    }
}

/// Address range of a table.
#[must_use]
pub fn extent_of(table: &Table) -> Extent {
    Extent::new(table.address.into(), u64::from(table.length_bytes))
}
