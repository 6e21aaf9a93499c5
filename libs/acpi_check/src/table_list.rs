//! The list of all tables: those in the root table, and those in the FADT (FACS and DSDT).
//!
//! What always holds: the list has at most [`TABLE_LIMIT`] tables, [`POINTER_LIMIT`] pointers are followed, and the tables
//! together have at most [`TOTAL_LIMIT_BYTES`]. A table with a wrong checksum is in the list too, marked as such: the
//! caller decides whether to use it.

use arrayvec::ArrayVec;

use crate::fadt::Fadt;
use crate::memory::{AllegedAddress, OutOfReach, ReadMemory};
use crate::note::AcpiNote;
use crate::rsdp::Rsdp;
use crate::table::{Checksum, HEADER_BYTES, Signature, Table, TableError, TableFault};

/// Maximum number of tables in the list. A large server has about 60.
pub const TABLE_LIMIT: usize = 128;
/// Maximum number of pointers of the root table that are followed. Some firmware leaves many of them null.
pub const POINTER_LIMIT: u32 = 256;
/// Maximum length of all tables together. Those of a large server have about 4 MiB.
pub const TOTAL_LIMIT_BYTES: u32 = 32 << 20;

/// All tables, the root table first.
#[derive(Clone, Debug, Default)]
pub struct TableList {
    tables: ArrayVec<Table, TABLE_LIMIT>,
}

impl TableList {
    /// Lists all tables. If the XSDT is unsound, the RSDT is used. Each fault gives a note.
    ///
    /// # Errors
    /// If neither root table is sound.
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
        lister.add_tables_of_root(&root);
        lister.add_tables_of_fadts();
        // A boot loader keeps the RSDT for the kernel, even where there is an XSDT.
        lister.add(rsdp.rsdt.unwrap_or_default(), Some(Signature::RSDT));
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

    /// Removes the tables for which `is_kept` returns `false`.
    pub(crate) fn retain(&mut self, mut is_kept: impl FnMut(&Table) -> bool) {
        self.tables.retain(|table| is_kept(table));
    }

    /// The table at this address.
    pub(crate) fn at(&self, address: AllegedAddress) -> Option<&Table> {
        self.tables.iter().find(|table| table.address == address)
    }
}

/// Builds the list.
struct Lister<'a> {
    memory: &'a dyn ReadMemory,
    note: &'a mut dyn FnMut(AcpiNote),
    list: TableList,
    /// Length that further tables may have.
    budget_bytes: u32,
    /// Whether the note about a full list was given.
    overflowed: bool,
}

impl Lister<'_> {
    /// Follows the pointers of the root table.
    fn add_tables_of_root(&mut self, root: &Table) {
        let pointer_bytes: u32 = if root.signature == Signature::XSDT { 8 } else { 4 };
        let count = root.length_bytes.saturating_sub(HEADER_BYTES) / pointer_bytes;
        for index in 0..count.min(POINTER_LIMIT) {
            match self.read_pointer(root, index) {
                Ok(address) => self.add_table_of_root(address, root.signature, index),
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

    /// Reads a pointer: 8 bytes in the XSDT, 4 in the RSDT.
    fn read_pointer(&self, root: &Table, index: u32) -> Result<AllegedAddress, OutOfReach> {
        let offset = |pointer_bytes: u32| u64::from(HEADER_BYTES + index * pointer_bytes);
        Ok(AllegedAddress::new(if root.signature == Signature::XSDT {
            u64::from_le_bytes(self.memory.read_array(root.address, offset(8))?)
        } else {
            u32::from_le_bytes(self.memory.read_array(root.address, offset(4))?).into()
        }))
    }

    /// Adds the table at the address in the root table.
    fn add_table_of_root(&mut self, address: AllegedAddress, root: Signature, index: u32) {
        if address.is_null() {
            return (self.note)(AcpiNote::NullPointer { root, index });
        }
        match self.list.at(address) {
            None => self.add(address, None),
            Some(known) => {
                let fault = if known.signature.is_root_table() {
                    TableFault::RootInRoot
                } else {
                    TableFault::NamedTwice
                };
                let error = known.error(fault);
                (self.note)(error.into());
            }
        }
    }

    /// Adds the FACS and the DSDT of each FADT.
    fn add_tables_of_fadts(&mut self) {
        for index in 0..self.list.tables.len() {
            let is_fadt = |table: &&Table| table.signature == Signature::FADT;
            let Some(table) = self.list.tables.get(index).filter(is_fadt).copied() else {
                continue;
            };
            match Fadt::read(self.memory, &table) {
                Ok(fadt) => {
                    for address in fadt.facs() {
                        self.add(address, Some(Signature::FACS));
                    }
                    for address in fadt.dsdt() {
                        self.add(address, Some(Signature::DSDT));
                    }
                }
                Err(out_of_reach) => (self.note)(table.error(out_of_reach.into()).into()),
            }
        }
    }

    /// Adds the table at `address`, unless the address is null or the table is in the list already. The table must have
    /// the `expected` name; without one, any name but that of a root table.
    fn add(&mut self, address: AllegedAddress, expected: Option<Signature>) {
        if address.is_null() {
            return;
        }
        let known = self.list.at(address).copied();
        let read = || Table::read(self.memory, address, Some(&mut self.budget_bytes));
        let table = match known.map_or_else(read, Ok) {
            Ok(table) => table,
            Err(error) => return (self.note)(error.into()),
        };
        let fault = match expected {
            Some(expected) => (table.signature != expected).then_some(TableFault::Signature { expected }),
            None => table.signature.is_root_table().then_some(TableFault::RootInRoot),
        };
        if let Some(fault) = fault {
            return (self.note)(table.error(fault).into());
        }
        if known.is_none() && self.list.tables.try_push(table).is_err() && !self.overflowed {
            self.overflowed = true;
            (self.note)(AcpiNote::TooManyTables { limit: TABLE_LIMIT });
        }
    }
}

/// Finds the root table: the XSDT, or the RSDT if there is no sound XSDT.
fn read_root_table(memory: &dyn ReadMemory, rsdp: &Rsdp, note: &mut dyn FnMut(AcpiNote)) -> Result<Table, TableError> {
    let read = |address: Option<AllegedAddress>, signature| {
        address.map(|address| sound_root_table(memory, address, signature))
    };
    let xsdt_error = match read(rsdp.xsdt, Signature::XSDT) {
        Some(Ok(xsdt)) => return Ok(xsdt),
        Some(Err(error)) => Some(error),
        None => None,
    };
    match (read(rsdp.rsdt, Signature::RSDT), xsdt_error) {
        (Some(rsdt), Some(error)) => {
            note(error.into());
            rsdt
        }
        (Some(rsdt), None) => rsdt,
        (None, Some(error)) => Err(error),
        (None, None) => Err(TableError {
            signature: None,
            address: rsdp.address,
            fault: TableFault::Signature {
                expected: Signature::RSDT,
            },
        }),
    }
}

/// Reads and validates a root table.
fn sound_root_table(
    memory: &dyn ReadMemory,
    address: AllegedAddress,
    signature: Signature,
) -> Result<Table, TableError> {
    let table = Table::read(memory, address, None)?;
    if table.signature != signature {
        return Err(table.error(TableFault::Signature { expected: signature }));
    }
    if table.checksum != Checksum::Right {
        return Err(table.error(TableFault::Checksum));
    }
    Ok(table)
}
