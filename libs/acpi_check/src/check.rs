//! Finds the sound tables, starting at the root pointer.

use x86_64::PhysAddr;

use crate::address::AllegedAddress;
use crate::fadt::{FIRST_FADT_BYTES, Fadt};
use crate::image::{CheckedTables, ImageError, ImageLayout};
use crate::note::AcpiNote;
use crate::read_memory::ReadMemory;
use crate::rsdp::Rsdp;
use crate::signature::Signature;
use crate::table::{Checksum, HEADER_BYTES, Table, TableFault};
use crate::table_list::TableList;

/// The sound tables in firmware memory, to be copied.
#[derive(Clone, Debug)]
pub struct SoundTables {
    /// The tables, in the order of the root table, then the DSDT. Neither root table is among them, nor the FACS.
    list: TableList,
}

/// Reads and validates all tables that the root pointer leads to. Each fault gives a note, and its table is left out.
/// `None` if there is no sound root table.
pub fn check(
    memory: &dyn ReadMemory,
    root_pointer: Option<AllegedAddress>,
    note: &mut dyn FnMut(AcpiNote),
) -> Option<SoundTables> {
    let Some(root_pointer) = root_pointer else {
        note(AcpiNote::NoRootPointer);
        return None;
    };
    let rsdp = match Rsdp::check(memory, root_pointer) {
        Ok(rsdp) => rsdp,
        Err(error) => {
            note(error.into());
            return None;
        }
    };
    match TableList::read(memory, &rsdp, note) {
        Ok(list) => Some(SoundTables::choose(memory, list, note)),
        Err(error) => {
            note(error.into());
            None
        }
    }
}

impl SoundTables {
    /// Size of a copy in bytes.
    #[must_use]
    pub fn image_size_bytes(&self) -> usize {
        ImageLayout::new(self.list.tables()).size_bytes()
    }

    /// Copies the tables into `image`, whose length must be [`Self::image_size_bytes`] or more and whose first byte has
    /// the physical address `base`, a multiple of the page size. The contents of a table are validated in its copy, which
    /// nothing else changes.
    ///
    /// # Errors
    /// If address or size of the image are wrong.
    pub fn copy_into<'a>(
        &self,
        memory: &dyn ReadMemory,
        base: PhysAddr,
        image: &'a mut [u8],
        note: &mut dyn FnMut(AcpiNote),
    ) -> Result<CheckedTables<'a>, ImageError> {
        CheckedTables::copy(self.list.tables(), memory, base, image, note)
    }

    /// Leaves out unsound tables.
    fn choose(memory: &dyn ReadMemory, mut list: TableList, note: &mut dyn FnMut(AcpiNote)) -> Self {
        let dsdt = choose_dsdt(memory, &list);
        list.retain(|table| {
            if table.signature.is_root_table() || table.signature == Signature::FACS {
                return false;
            }
            let is_other_dsdt = table.signature == Signature::DSDT && Some(table.address) != dsdt;
            let fault = fault(table).or(is_other_dsdt.then_some(TableFault::OtherDsdt));
            if let Some(fault) = fault {
                note(table.error(fault).into());
            }
            fault.is_none()
        });
        Self { list }
    }
}

/// Address of the DSDT that the sound FADT names.
fn choose_dsdt(memory: &dyn ReadMemory, list: &TableList) -> Option<AllegedAddress> {
    let is_sound = |table: &&Table, signature| table.signature == signature && fault(table).is_none();
    let fadt = list.tables().iter().find(|table| is_sound(table, Signature::FADT))?;
    let candidates = Fadt::read(memory, fadt).ok()?.dsdt();
    candidates.into_iter().find(|address| {
        let table = list.at(*address);
        table.is_some_and(|table| is_sound(&table, Signature::DSDT))
    })
}

/// Why a table is left out; `None` if it is sound.
fn fault(table: &Table) -> Option<TableFault> {
    let needed_bytes = shortest_bytes(table.signature);
    if table.checksum != Checksum::Right {
        Some(TableFault::Checksum)
    } else if !table.signature.is_printable() {
        Some(TableFault::Name)
    } else if table.length_bytes < needed_bytes {
        Some(TableFault::TooShort {
            length_bytes: table.length_bytes,
            needed_bytes,
        })
    } else {
        None
    }
}

/// The minimum length of a table: the fixed part of those that are read.
const fn shortest_bytes(signature: Signature) -> u32 {
    match signature {
        Signature::FADT => FIRST_FADT_BYTES,
        Signature::MADT | Signature::MCFG => 44,
        Signature::HPET | Signature::BGRT => 56,
        Signature::SPCR => 80,
        _ => HEADER_BYTES,
    }
}
