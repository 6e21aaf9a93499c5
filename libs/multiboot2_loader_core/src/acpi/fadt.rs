//! What the loader wants of ACPI's FADT (signature "FACP") beside the tables that it names.

use super::tables::{Checksum, Table};
use crate::address::PhysAddr;
use crate::physical_memory::PhysicalMemory;

/// Offset of the number of the clock's century register; 0 where there is none.
const CENTURY_OFFSET: u64 = 108;

/// Which register of the real-time clock holds the century.
#[must_use]
pub fn century_register<M: PhysicalMemory>(memory: &M, table: &Table) -> Option<u8> {
    if table.checksum != Checksum::Right || table.extent.length_bytes <= CENTURY_OFFSET {
        return None;
    }
    let address = PhysAddr::new(table.extent.base.as_u64().checked_add(CENTURY_OFFSET)?);
    let [register] = memory.read_array(address).ok()?;
    (register != 0).then_some(register)
}
