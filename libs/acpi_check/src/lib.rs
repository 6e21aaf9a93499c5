//! Validates ACPI tables. Firmware tables are untrusted input.
//!
//! [`check()`] reads them through a [`ReadMemory`], which refuses addresses outside of firmware memory. It checks the root
//! pointer, the list of tables, and the bounds and checksum of each table. [`SoundTables::copy_into`] copies the sound
//! tables into memory of the caller and sanitizes the copy, because the crate `acpi` trusts lengths and pointers.
//!
//! The kernel and the boot loader read fields with the bounded readers of this library, which allocate nothing: [`Fadt`]
//! for power management, [`SleepType`] for switching off, [`SerialConsole`], [`Hpet`], [`MadtEntries`], [`IsaRoutes`].
//!
//! A boot loader passes the tables on in place, and uses only [`Rsdp`], [`TableList`], [`MadtEntries`] and [`Fadt`].
//!
//! What always holds:
//! - No byte sequence makes this library panic or loop for ever.
//! - Nothing allocates: a boot loader without a heap links it. [`TableList`], [`SoundTables`] and [`CheckedTables`] have
//!   about 5 KiB each, and [`check()`] takes three times as much of the stack.
//! - Each thing that is wrong is one [`AcpiNote`], and what is left is used.
//!
//! It leaves mapping memory, and what to make of the notes, to its callers. No AML is run.
//!
//! ```
//! use acpi_check::{AcpiNote, AllegedAddress, check};
//!
//! // A byte slice is memory too, from address 0 on.
//! let memory: &[u8] = &[0; 4096];
//! let mut notes = Vec::new();
//! let tables = check(&memory, Some(AllegedAddress::new(0x100)), &mut |note| notes.push(note));
//! assert!(tables.is_none());
//! assert_eq!(notes[0].to_string(), "no ACPI root pointer at 0x100");
//! ```
#![no_std]
#![forbid(unsafe_code)]

mod address;
mod bytes;
mod check;
mod fadt;
mod generic_address;
mod hpet;
mod image;
mod madt;
mod note;
mod read_memory;
mod rsdp;
mod signature;
mod sleep_type;
mod spcr;
mod table;
mod table_list;

pub use address::AllegedAddress;
pub use check::{SoundTables, check};
pub use fadt::{
    AcpiModeCommand, Fadt, FadtError, KeyboardController, Pm1Control, PmTimer, PmTimerWidth, ResetPlace, ResetRegister,
};
pub use generic_address::{AddressSpace, IoPort};
pub use hpet::{Hpet, HpetError};
pub use image::{CheckedTables, ImageError};
pub use madt::{
    EntryError, EntryFault, EntryKind, GlobalSystemInterrupt, InterruptLine, IoApic, IsaRoute, IsaRoutes, LineFlags,
    LocalNmi, MadtEntries, MadtEntry, NmiSource, NmiTarget, Polarity, Processor, SourceOverride, Trigger,
};
pub use note::AcpiNote;
pub use read_memory::{OutOfReach, ReadMemory};
pub use rsdp::{RSDP_SIGNATURE, Rsdp, RsdpError};
pub use signature::Signature;
pub use sleep_type::SleepType;
pub use spcr::{AccessWidth, InterfaceType, SerialConsole, SpcrError, UartPlace, UartRegisters};
pub use table::{Checksum, HEADER_BYTES, TABLE_LIMIT_BYTES, Table, TableError, TableFault};
pub use table_list::{POINTER_LIMIT, TABLE_LIMIT, TOTAL_LIMIT_BYTES, TableList};
