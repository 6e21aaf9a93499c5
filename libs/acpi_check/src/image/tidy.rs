//! Tables that the crate `acpi` looks into, made such that it stays inside.

use super::seal::seal;
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
/// How much configuration space a bus has.
const BUS_BYTES: u64 = 1 << 20;
/// Where the SPCR has the length and the offset of its device's name.
const SPCR_NAME: usize = 84;
/// Where that field ends.
const SPCR_NAME_END: usize = 88;

/// Tidies a table up in place. Returns how many bytes of it are left.
///
/// # Errors
/// When it has to be left out.
pub(super) fn tidy(
    signature: Signature,
    table: &mut [u8],
    note: &mut dyn FnMut(AcpiNote),
) -> Result<usize, TableFault> {
    let length = match signature {
        Signature::MADT => usize::try_from(madt::tidy(table, note)?).unwrap_or(table.len()),
        Signature::MCFG => tidy_mcfg(table, note),
        Signature::SPCR => {
            tidy_spcr(table, note);
            table.len()
        }
        _ => return Ok(table.len()),
    };
    let (kept, rest) = table.split_at_mut_checked(length).unwrap_or_default();
    rest.fill(0);
    seal(kept);
    Ok(length)
}

/// Leaves out entries at whose addresses no configuration space can lie.
fn tidy_mcfg(table: &mut [u8], note: &mut dyn FnMut(AcpiNote)) -> usize {
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

/// Whether the configuration space of an MCFG entry can lie where the entry says.
fn is_configuration_space(entry: [u8; MCFG_ENTRY_BYTES]) -> bool {
    let [.., first_bus, last_bus, _, _, _, _] = entry;
    let base = AllegedAddress::new(u64_at(&entry, 0).unwrap_or(0));
    // The address is that of bus 0 of the segment, whichever bus comes first.
    let last = base.checked_add((u64::from(last_bus) + 1) * BUS_BYTES - 1);
    first_bus <= last_bus && base.possible().is_some() && last.is_some_and(|last| last.possible().is_some())
}

/// Takes the name away that would not lie in the table.
fn tidy_spcr(table: &mut [u8], note: &mut dyn FnMut(AcpiNote)) {
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
