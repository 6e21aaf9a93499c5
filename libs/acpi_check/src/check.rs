//! Finds the sound tables, starting at the root pointer, and copies them: firmware may change its memory.

use core::iter;

use crate::fadt::{FIRST_FADT_BYTES, Fadt};
use crate::madt::{ENTRIES_OFFSET, MadtEntries};
use crate::memory::{AllegedAddress, ReadMemory, array_at, u32_at};
use crate::note::AcpiNote;
use crate::rsdp::Rsdp;
use crate::sleep_type::SleepType;
use crate::table::{Checksum, HEADER_BYTES, Signature, Table, TableFault};
use crate::table_list::TableList;

/// The sound tables in firmware memory, to be copied.
#[derive(Clone, Debug)]
pub struct SoundTables {
    /// The tables, in the order of the root table, then the DSDT. Root tables and FACS are not among them.
    list: TableList,
}

/// Copies of the sound tables, one after another in one piece of memory, in the order of the root table, then the DSDT.
#[derive(Clone, Copy, Debug)]
pub struct CopiedTables<'a> {
    bytes: &'a [u8],
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
    /// Total length of the tables in bytes: the size of their copies.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.list.tables().iter().map(length).sum()
    }

    /// Copies the tables into `room`, which should have [`Self::size_bytes`]. Gives a note for each table that changed since
    /// it was validated, for each table that the kernel needs and that is missing, and for each invalid MADT entry.
    pub fn copy_into<'a>(
        &self,
        memory: &dyn ReadMemory,
        room: &'a mut [u8],
        note: &mut dyn FnMut(AcpiNote),
    ) -> CopiedTables<'a> {
        let mut used_bytes = 0;
        for table in self.list.tables() {
            match copy(memory, table, room.get_mut(used_bytes..).unwrap_or_default()) {
                Ok(()) => used_bytes += length(table),
                Err(fault) => note(table.error(fault).into()),
            }
        }
        let bytes = room.get(..used_bytes).unwrap_or_default();
        let tables = CopiedTables { bytes };
        tables.note_faults(note);
        tables
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

impl<'a> CopiedTables<'a> {
    /// All tables with their names.
    pub fn iter(&self) -> impl Iterator<Item = (Signature, &'a [u8])> + use<'a> {
        let mut rest = self.bytes;
        iter::from_fn(move || {
            let signature = Signature::new(array_at(rest, 0)?);
            // Validated: at least the length of a header.
            let length = usize::try_from(u32_at(rest, 4)?).ok()?;
            let (table, next) = rest.split_at_checked(length)?;
            rest = next;
            Some((signature, table))
        })
    }

    /// The first table of this name.
    #[must_use]
    pub fn find(&self, signature: Signature) -> Option<&'a [u8]> {
        self.of(signature).next()
    }

    /// The FADT.
    #[must_use]
    pub fn fadt(&self) -> Option<Fadt> {
        self.find(Signature::FADT).map(Fadt::from_table)
    }

    /// The entries of the MADT; none if there is no MADT.
    #[must_use]
    pub fn madt_entries(&self) -> MadtEntries<'a> {
        MadtEntries::in_bytes(self.find(Signature::MADT).unwrap_or_default())
    }

    /// The sleep type that switches the machine off, if the DSDT or an SSDT has it as constants.
    #[must_use]
    pub fn soft_off(&self) -> Option<SleepType> {
        self.of(Signature::DSDT)
            .chain(self.of(Signature::SSDT))
            .find_map(SleepType::find_soft_off)
    }

    /// The tables of this name.
    fn of(&self, signature: Signature) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let tables = self.iter().filter(move |(name, _)| *name == signature);
        tables.map(|(_, bytes)| bytes)
    }

    /// Reports missing tables and invalid entries of the MADT.
    fn note_faults(&self, note: &mut dyn FnMut(AcpiNote)) {
        for signature in [Signature::FADT, Signature::DSDT, Signature::MADT] {
            if self.find(signature).is_none() {
                note(AcpiNote::Missing { signature });
            }
        }
        for error in self.madt_entries().filter_map(Result::err) {
            note(error.into());
        }
    }
}

/// Copies a table to the start of `room`, and checks that it has not changed since it was validated.
fn copy(memory: &dyn ReadMemory, table: &Table, room: &mut [u8]) -> Result<(), TableFault> {
    let bytes = room.get_mut(..length(table)).ok_or(TableFault::NoRoom)?;
    memory.read(table.address, bytes)?;
    let start = AllegedAddress::new(0);
    let copied = Table::read(&&*bytes, start, None).map_err(|_| TableFault::Changed)?;
    let expected = Table {
        address: start,
        ..*table
    };
    (copied == expected).then_some(()).ok_or(TableFault::Changed)
}

fn length(table: &Table) -> usize {
    usize::try_from(table.length_bytes).unwrap_or(usize::MAX)
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
    // Readers of other tables check the length themselves.
    let needed_bytes = match table.signature {
        Signature::FADT => FIRST_FADT_BYTES,
        Signature::MADT => ENTRIES_OFFSET,
        _ => HEADER_BYTES,
    };
    if table.checksum != Checksum::Right {
        Some(TableFault::Checksum)
    } else if table.length_bytes < needed_bytes {
        Some(TableFault::TooShort {
            length_bytes: table.length_bytes,
            needed_bytes,
        })
    } else {
        None
    }
}
