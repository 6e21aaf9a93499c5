//! The DMA remapping units in ACPI's DMAR table (Intel Virtualization Technology for Directed I/O, section "DMA
//! Remapping Reporting Structure").
//!
//! Always true: each step of the walk advances and stays inside the table, so the walk ends.

use acpi_check::{Checksum, Table};
use arrayvec::ArrayVec;

use super::extent_of;
use crate::address::PhysAddr;
use crate::bytes::u64_at;
use crate::physical_memory::{OutOfReach, PhysicalMemory};

/// Maximum number of units. A large server has about 20.
pub const REMAPPING_UNIT_LIMIT: usize = 32;

/// Offset of the first structure.
const STRUCTURES_OFFSET: u64 = 48;
/// The structure of a remapping unit (DRHD).
const REMAPPING_UNIT: u16 = 0;
/// Length of its fixed part: type, length, flags, size, segment, and at 8 the address of the registers.
const REMAPPING_UNIT_BYTES: u16 = 16;

/// The reason why the table is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DmarError {
    /// The table cannot be read.
    #[error("ACPI's DMAR table: {0}")]
    OutOfReach(#[from] OutOfReach),
    /// The checksum is wrong.
    #[error("ACPI's DMAR table has a wrong checksum")]
    Checksum,
    /// A structure is shorter than its fields, or extends beyond the end.
    #[error("ACPI's DMAR table has a structure of type {kind} and length {length_bytes} at offset {offset}")]
    StructureLength {
        /// Type of the structure.
        kind: u16,
        /// Its length, as the table states it.
        length_bytes: u16,
        /// Its offset in the table.
        offset: u64,
    },
}

/// Returns the address of each unit's registers. Units beyond [`REMAPPING_UNIT_LIMIT`] are left out.
///
/// # Errors
/// The table cannot be read, its checksum is wrong, or a structure has an invalid length.
pub fn remapping_units<M: PhysicalMemory>(
    memory: &M,
    table: &Table,
) -> Result<ArrayVec<PhysAddr, REMAPPING_UNIT_LIMIT>, DmarError> {
    if table.checksum != Checksum::Right {
        return Err(DmarError::Checksum);
    }
    let extent = extent_of(table);
    let mut units = ArrayVec::new();
    let mut offset = STRUCTURES_OFFSET;
    while offset + 4 <= extent.length_bytes {
        let address = PhysAddr::new(extent.base.as_u64().saturating_add(offset));
        let [kind_low, kind_high, length_low, length_high] = memory.read_array(address)?;
        let kind = u16::from_le_bytes([kind_low, kind_high]);
        let length_bytes = u16::from_le_bytes([length_low, length_high]);
        let shortest = if kind == REMAPPING_UNIT {
            REMAPPING_UNIT_BYTES
        } else {
            4
        };
        if length_bytes < shortest || offset + u64::from(length_bytes) > extent.length_bytes {
            return Err(DmarError::StructureLength {
                kind,
                length_bytes,
                offset,
            });
        }
        if kind == REMAPPING_UNIT {
            let structure: [u8; 16] = memory.read_array(address)?;
            _ = units.try_push(PhysAddr::new(u64_at(&structure, 8).unwrap_or(0)));
        }
        offset += u64::from(length_bytes);
    }
    Ok(units)
}
