//! The list of all tables: what the root table names, and what the FADT names beside them (FACS and DSDT).
//!
//! What always holds: at most [`TABLE_LIMIT`] tables are listed and [`POINTER_LIMIT`] pointers followed, and what is
//! read to add tables up has at most [`TOTAL_LIMIT_BYTES`]. A table with a wrong checksum stays in the list, marked:
//! what to make of it is decided by who reads it.

use arrayvec::ArrayVec;

use crate::address::AllegedAddress;
use crate::fadt::Fadt;
use crate::note::AcpiNote;
use crate::read_memory::{OutOfReach, ReadMemory};
use crate::rsdp::Rsdp;
use crate::signature::Signature;
use crate::table::{Checksum, HEADER_BYTES, Table, TableError, TableFault, TableHead};

/// The most tables that are listed. A large server has about 60.
pub const TABLE_LIMIT: usize = 128;
/// The most pointers of the root table that are followed; some firmware leaves many of them null.
pub const POINTER_LIMIT: u32 = 256;
/// The most that all tables together may take. A large server's have about 4 MiB.
pub const TOTAL_LIMIT_BYTES: u32 = 32 << 20;

/// All tables, the root table first.
#[derive(Clone, Debug, Default)]
pub struct TableList {
    /// The tables.
    tables: ArrayVec<Table, TABLE_LIMIT>,
}

impl TableList {
    /// Lists all tables. A damaged XSDT is passed over for the RSDT. Each thing that is wrong gives a note.
    ///
    /// # Errors
    /// When neither root table is sound.
    pub fn read(memory: &dyn ReadMemory, rsdp: &Rsdp, note: &mut dyn FnMut(AcpiNote)) -> Result<Self, TableError> {
        let root = read_root_table(memory, rsdp, note)?;
        let mut lister = Lister {
            memory,
            note,
            list: Self::default(),
            budget_bytes: TOTAL_LIMIT_BYTES,
            overflowed: false,
        };
        lister.list.tables.push(root);
        lister.take_tables_of_root(&root);
        lister.take_tables_of_fadts();
        // The kernel may read the old list too, even where there is a new one.
        lister.take(rsdp.rsdt.unwrap_or_default(), &[Signature::RSDT]);
        Ok(lister.list)
    }

    /// The first table of this name.
    #[must_use]
    pub fn find(&self, signature: Signature) -> Option<&Table> {
        self.tables.iter().find(|table| table.signature == signature)
    }

    /// The tables.
    #[must_use]
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Takes those out of the list for which the answer is no.
    pub(crate) fn retain(&mut self, mut is_kept: impl FnMut(&Table) -> bool) {
        self.tables.retain(|table| is_kept(table));
    }

    /// The table at this address.
    pub(crate) fn at(&self, address: AllegedAddress) -> Option<&Table> {
        self.tables.iter().find(|table| table.address == address)
    }
}

/// A list in the making.
struct Lister<'a> {
    /// Where the tables lie.
    memory: &'a dyn ReadMemory,
    /// Where notes go.
    note: &'a mut dyn FnMut(AcpiNote),
    /// What has been found.
    list: TableList,
    /// How much may still be read.
    budget_bytes: u32,
    /// Whether a table found no room.
    overflowed: bool,
}

impl Lister<'_> {
    /// Follows the pointers of the root table.
    fn take_tables_of_root(&mut self, root: &Table) {
        let pointer_bytes: u32 = if root.signature == Signature::XSDT { 8 } else { 4 };
        let count = root.length_bytes.saturating_sub(HEADER_BYTES) / pointer_bytes;
        for index in 0..count.min(POINTER_LIMIT) {
            let offset = u64::from(HEADER_BYTES + index * pointer_bytes);
            match self.read_pointer(root.address, offset, pointer_bytes) {
                Ok(address) => self.take_named_by_root(address, root.signature, index),
                Err(out_of_reach) => (self.note)(root.error(out_of_reach.into()).into()),
            }
        }
        if count > POINTER_LIMIT {
            (self.note)(AcpiNote::TooManyPointers {
                root: root.signature,
                limit: POINTER_LIMIT,
            });
        }
    }

    /// Reads a pointer of 4 or 8 bytes.
    fn read_pointer(
        &self,
        table: AllegedAddress,
        offset: u64,
        pointer_bytes: u32,
    ) -> Result<AllegedAddress, OutOfReach> {
        let at = table.checked_add(offset).ok_or(OutOfReach {
            address: table,
            length_bytes: offset,
        })?;
        Ok(AllegedAddress::new(if pointer_bytes == 8 {
            u64::from_le_bytes(self.memory.read_array(at)?)
        } else {
            u64::from(u32::from_le_bytes(self.memory.read_array(at)?))
        }))
    }

    /// Adds the table that a pointer of the root table leads to.
    fn take_named_by_root(&mut self, address: AllegedAddress, root: Signature, index: u32) {
        if address.is_null() {
            return (self.note)(AcpiNote::NullPointer { root, index });
        }
        let Some(known) = self.list.at(address).copied() else {
            return self.take(address, &[]);
        };
        let fault = if known.signature.is_root_table() {
            TableFault::ListInList
        } else {
            TableFault::NamedTwice
        };
        (self.note)(known.error(fault).into());
    }

    /// Adds what the FADT names; all of them, should there be several.
    fn take_tables_of_fadts(&mut self) {
        for index in 0..self.list.tables.len() {
            let is_fadt = |table: &&Table| table.signature == Signature::FADT;
            let Some(table) = self.list.tables.get(index).filter(is_fadt).copied() else {
                continue;
            };
            match Fadt::read(self.memory, &table) {
                Ok(fadt) => {
                    for address in fadt.facs() {
                        self.take(address, &[Signature::FACS]);
                    }
                    for address in fadt.dsdt() {
                        self.take(address, &[Signature::DSDT]);
                    }
                }
                Err(out_of_reach) => (self.note)(table.error(out_of_reach.into()).into()),
            }
        }
    }

    /// Adds the table at `address`, unless there is none, it is there already, is unreadable, or the list is full. Its
    /// name must be among `expected`; if that is empty, any name but that of a list of tables will do.
    fn take(&mut self, address: AllegedAddress, expected: &[Signature]) {
        if address.is_null() {
            return;
        }
        let known = self.list.at(address).copied();
        let table = match known.map_or_else(|| self.read(address), Ok) {
            Ok(table) => table,
            Err(error) => return (self.note)(error.into()),
        };
        match expected {
            [] if table.signature.is_root_table() => return (self.note)(table.error(TableFault::ListInList).into()),
            [first, ..] if !expected.contains(&table.signature) => {
                return (self.note)(table.error(TableFault::Signature { expected: *first }).into());
            }
            _ => {}
        }
        if known.is_none() && self.list.tables.try_push(table).is_err() && !self.overflowed {
            self.overflowed = true;
            (self.note)(AcpiNote::TooManyTables { limit: TABLE_LIMIT });
        }
    }

    /// Reads a table, if that does not lead too far.
    fn read(&mut self, address: AllegedAddress) -> Result<Table, TableError> {
        let head = TableHead::read(self.memory, address)?;
        let Some(left_bytes) = self.budget_bytes.checked_sub(head.length_bytes) else {
            return Err(TableError {
                signature: Some(head.signature),
                address,
                fault: TableFault::TooMuch {
                    limit_bytes: TOTAL_LIMIT_BYTES,
                },
            });
        };
        self.budget_bytes = left_bytes;
        head.sum_up(self.memory)
    }
}

/// Finds the root table: the XSDT, or if that is unsound the RSDT.
fn read_root_table(memory: &dyn ReadMemory, rsdp: &Rsdp, note: &mut dyn FnMut(AcpiNote)) -> Result<Table, TableError> {
    let none = TableError {
        signature: None,
        address: rsdp.address,
        fault: TableFault::Signature {
            expected: Signature::RSDT,
        },
    };
    let rsdt = || {
        rsdp.rsdt
            .map(|address| sound_root_table(memory, address, Signature::RSDT))
    };
    let Some(address) = rsdp.xsdt else {
        return rsdt().unwrap_or(Err(none));
    };
    match sound_root_table(memory, address, Signature::XSDT) {
        Ok(table) => Ok(table),
        Err(error) => rsdt().map_or(Err(error), |table| {
            note(error.into());
            table
        }),
    }
}

/// Reads and checks a root table.
fn sound_root_table(
    memory: &dyn ReadMemory,
    address: AllegedAddress,
    signature: Signature,
) -> Result<Table, TableError> {
    let table = Table::read(memory, address)?;
    if table.signature != signature {
        return Err(table.error(TableFault::Signature { expected: signature }));
    }
    if table.checksum != Checksum::Right {
        return Err(table.error(TableFault::Checksum));
    }
    Ok(table)
}
