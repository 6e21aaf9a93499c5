//! Rewrites the FADT of the copy: all fields exist, and its pointers lead into the copy.
//!
//! The crate `acpi` multiplies the 8-bit lengths of blocks of registers by 8, and panics at 32 bytes, unless the newer
//! field has the address of the block. So the newer fields are filled in from the old ones.

use super::checksum::set_length_and_checksum;
use crate::bytes::{put, u8_at};
use crate::fadt::{DSDT, FACS, FADT_BYTES, FALLBACK_BLOCKS, Fadt, PM1_BLOCKS, REVISION, X_DSDT, X_FACS};
use crate::generic_address::GENERIC_ADDRESS_BYTES;

/// The first revision whose 64-bit fields the crate `acpi` reads.
const REVISION_WITH_X_FIELDS: u8 = 2;

/// The crate reads a register of power management as one number, of at most so many bytes.
const LONGEST_PM1_BYTES: u8 = 8;
/// The address of a block that does not exist.
const NOWHERE: [u8; GENERIC_ADDRESS_BYTES] = [0; GENERIC_ADDRESS_BYTES];

/// Rewrites the table of `length` bytes at the beginning of `room`, which is zero behind the table's end and large
/// enough for all fields. Returns its new length, or `None` if there is not so much room.
pub(super) fn rewrite(room: &mut [u8], length: usize, dsdt: Option<u64>) -> Option<usize> {
    let room = room.get_mut(..length.max(FADT_BYTES))?;
    let fadt = Fadt::from_bytes(room.get(..length)?);
    // Clears fields that are only partly inside the table.
    put(room, 0, *fadt.bytes());
    put(room, FACS, [0; 4]);
    put(room, X_FACS, [0; 8]);
    let dsdt = dsdt.unwrap_or(0);
    put(room, DSDT, u32::try_from(dsdt).unwrap_or(0).to_le_bytes());
    put(room, X_DSDT, dsdt.to_le_bytes());
    let revision = u8_at(room, REVISION).unwrap_or(0).max(REVISION_WITH_X_FIELDS);
    put(room, REVISION, [revision]);
    for block in PM1_BLOCKS {
        // The crate maps these wherever the table says they are.
        let port = block.first_port(&fadt).unwrap_or(None);
        put(room, block.port, u32::from(port.map_or(0, |port| port.0)).to_le_bytes());
        let address = port.map_or(NOWHERE, |port| block.address_of_port(&fadt, u32::from(port.0)));
        put(room, block.address, address);
        let length_bytes = u8_at(room, block.length).unwrap_or(0).min(LONGEST_PM1_BYTES);
        put(room, block.length, [length_bytes]);
    }
    for block in FALLBACK_BLOCKS {
        if let Some(port) = block.port_of_old_field_alone(&fadt) {
            put(room, block.address, block.address_of_port(&fadt, port));
        }
    }
    set_length_and_checksum(room);
    Some(room.len())
}
