//! Faults of the tables that were worked around.

use crate::madt::{EntryError, EntryFault};
use crate::rsdp::RsdpError;
use crate::signature::Signature;
use crate::table::TableError;

/// A fault of the tables. Displayed as one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AcpiNote {
    /// The boot loader named no root pointer: no tables.
    #[error("no ACPI root pointer")]
    NoRootPointer,
    /// The root pointer is unsound: no tables.
    #[error("{0}")]
    RootPointer(#[from] RsdpError),
    /// A table is unsound and left out. If it is the XSDT, the RSDT is tried.
    #[error("{0}")]
    Table(#[from] TableError),
    /// A pointer of the root table is null.
    #[error("pointer {index} of the {root} is null")]
    NullPointer {
        /// The list of tables.
        root: Signature,
        /// Its index in the list.
        index: u32,
    },
    /// The root table has implausibly many pointers: the rest is left out.
    #[error("the {root} has more than {limit} pointers")]
    TooManyPointers {
        /// The list of tables.
        root: Signature,
        /// The maximum number of pointers.
        limit: u32,
    },
    /// There are implausibly many tables: the rest is left out.
    #[error("more than {limit} tables")]
    TooManyTables {
        /// The maximum number of tables.
        limit: usize,
    },
    /// There is no sound table of this name.
    #[error("no sound table {signature}")]
    Missing {
        /// The name.
        signature: Signature,
    },
    /// An entry of the MADT is removed.
    #[error("MADT entry of type {kind} at offset {offset}: {fault}")]
    MadtEntry {
        /// Type of the entry.
        kind: u8,
        /// Its offset in the table.
        offset: u32,
        /// Why.
        fault: EntryFault,
    },
    /// The MADT is cut: the length of an entry does not lead to the next one.
    #[error("cut off: {0}")]
    MadtCut(EntryError),
    /// An entry of the MCFG is removed.
    #[error("MCFG entry {index}: no configuration space can lie there")]
    McfgEntry {
        /// Its index in the table.
        index: u32,
    },
    /// The SPCR's device name is not inside the table, and is cleared.
    #[error("SPCR: the name of the device lies outside of the table")]
    SpcrName,
}
