//! What was wrong with the tables, and has been dealt with.

use crate::madt::{EntryError, EntryFault};
use crate::rsdp::RsdpError;
use crate::signature::Signature;
use crate::table::TableError;

/// One thing that was wrong. It prints as one line.
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
    /// A pointer of the root table leads nowhere.
    #[error("pointer {index} of the {root} is null")]
    NullPointer {
        /// Which list of tables.
        root: Signature,
        /// Its place in the list.
        index: u32,
    },
    /// The root table names more tables than are believed: the rest is left out.
    #[error("the {root} has more than {limit} pointers")]
    TooManyPointers {
        /// Which list of tables.
        root: Signature,
        /// The most that are followed.
        limit: u32,
    },
    /// There are more tables than are believed: this one and the rest are left out.
    #[error("more than {limit} tables")]
    TooManyTables {
        /// The most that are listed.
        limit: usize,
    },
    /// There is no sound table of this name.
    #[error("no sound table {signature}")]
    Missing {
        /// The name.
        signature: Signature,
    },
    /// An entry of the MADT is left out.
    #[error("MADT entry of type {kind} at offset {offset}: {fault}")]
    MadtEntry {
        /// Type of the entry.
        kind: u8,
        /// Where it lies in the table.
        offset: u32,
        /// What is wrong.
        fault: EntryFault,
    },
    /// The MADT ends here: an entry does not say where the next one lies.
    #[error("cut off: {0}")]
    MadtCut(EntryError),
    /// An entry of the MCFG is left out.
    #[error("MCFG entry {index}: no configuration space can lie there")]
    McfgEntry {
        /// Its place in the table.
        index: u32,
    },
    /// The SPCR's name for its device does not lie in the table, and is left out.
    #[error("SPCR: the name of the device lies outside of the table")]
    SpcrName,
}
