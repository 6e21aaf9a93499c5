//! Sanitizes the tables that the crate `acpi` reads, so that it stays inside them.

use super::checksum::set_length_and_checksum;
use crate::address::AllegedAddress;
use crate::bytes::{array_at, put, u16_at, u64_at};
use crate::madt;
use crate::note::AcpiNote;
use crate::signature::Signature;
use crate::table::TableFault;

/// Offset of the MCFG's first entry.
const MCFG_ENTRIES: usize = 44;
/// Size of one: address, segment, first and last bus, reserved.
const MCFG_ENTRY_BYTES: usize = 16;
/// Bytes of configuration space per bus.
const BUS_BYTES: u64 = 1 << 20;
/// Offset in the SPCR of the length and the offset of the device name.
const SPCR_NAME: usize = 84;
/// End of that field.
const SPCR_NAME_END: usize = 88;

/// Sanitizes a table in place. Returns its new length in bytes.
///
/// # Errors
/// When the table has to be left out.
pub(super) fn sanitize(
    signature: Signature,
    table: &mut [u8],
    note: &mut dyn FnMut(AcpiNote),
) -> Result<usize, TableFault> {
    let length = match signature {
        Signature::MADT => usize::try_from(madt::sanitize(table, note)?).unwrap_or(table.len()),
        Signature::MCFG => sanitize_mcfg(table, note),
        Signature::SPCR => {
            sanitize_spcr(table, note);
            table.len()
        }
        _ => return Ok(table.len()),
    };
    let (kept, rest) = table.split_at_mut_checked(length).unwrap_or_default();
    rest.fill(0);
    set_length_and_checksum(kept);
    Ok(length)
}

/// Removes entries whose address cannot be that of a configuration space. Returns the new length.
fn sanitize_mcfg(table: &mut [u8], note: &mut dyn FnMut(AcpiNote)) -> usize {
    let mut kept = MCFG_ENTRIES;
    let mut index = 0;
    let mut offset = MCFG_ENTRIES;
    while let Some(entry) = array_at::<MCFG_ENTRY_BYTES>(table, offset) {
        if is_configuration_space(entry) {
            put(table, kept, entry);
            kept += MCFG_ENTRY_BYTES;
        } else {
            note(AcpiNote::McfgEntry { index });
        }
        index += 1;
        offset += MCFG_ENTRY_BYTES;
    }
    kept
}

/// Whether a configuration space can lie where an MCFG entry says.
fn is_configuration_space(entry: [u8; MCFG_ENTRY_BYTES]) -> bool {
    let [.., first_bus, last_bus, _, _, _, _] = entry;
    let base = AllegedAddress::new(u64_at(&entry, 0).unwrap_or(0));
    // The address is that of bus 0 of the segment, whichever bus comes first.
    let last = base.checked_add((u64::from(last_bus) + 1) * BUS_BYTES - 1);
    first_bus <= last_bus && base.possible().is_some() && last.is_some_and(|last| last.possible().is_some())
}

/// Clears the reference to a device name that is not inside the table.
fn sanitize_spcr(table: &mut [u8], note: &mut dyn FnMut(AcpiNote)) {
    let field = |offset| usize::from(u16_at(table, offset).unwrap_or(0));
    let is_inside = field(SPCR_NAME) + field(SPCR_NAME + 2) <= table.len();
    // In a table that ends within the field, the crate takes zeros for the rest.
    if table.len() >= SPCR_NAME_END && is_inside {
        return;
    }
    let end = table.len().min(SPCR_NAME_END);
    let name = table.get_mut(SPCR_NAME..end).unwrap_or_default();
    if name.iter().any(|byte| *byte != 0) {
        note(AcpiNote::SpcrName);
        name.fill(0);
    }
}
