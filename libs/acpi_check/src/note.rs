//! Faults of the tables. The library works around each of them.

use crate::madt::EntryError;
use crate::rsdp::RsdpError;
use crate::table::{Signature, TableError};

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
        /// Name of the root table.
        root: Signature,
        /// The pointer's index.
        index: u32,
    },
    /// The root table has implausibly many pointers: the rest is ignored.
    #[error("the {root} has more than {limit} pointers")]
    TooManyPointers {
        /// Name of the root table.
        root: Signature,
        /// The maximum number of pointers.
        limit: u32,
    },
    /// There are implausibly many tables: the rest is ignored.
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
    /// An entry of the MADT is invalid and ignored.
    #[error("{0}")]
    MadtEntry(#[from] EntryError),
}
