//! Validates and reads ACPI tables. Firmware tables are untrusted input.
//!
//! [`check()`] reads the tables through a [`ReadMemory`], which refuses addresses outside of firmware memory. It checks the
//! root pointer, the root table, and bounds and checksum of each table. [`SoundTables::copy_into`] copies the sound tables
//! into memory of the caller, because firmware may change its own. The readers take the bytes of a copied table: [`Fadt`]
//! for power management, [`SleepType`] for switching off, [`SerialConsole`], [`Hpet`], [`MadtEntries`], [`IsaRoutes`].
//!
//! A boot loader does not copy the tables. It uses only [`Rsdp`], [`TableList`], [`MadtEntries`] and [`Fadt`].
//!
//! What always holds:
//! - No byte sequence makes this library panic or loop for ever.
//! - Nothing allocates: a boot loader without a heap links it. A [`TableList`] and [`SoundTables`] have 3 KiB each.
//! - Each fault is one [`AcpiNote`], and the rest of the tables is used.
//!
//! It leaves mapping memory and logging notes to its callers. No AML is run.
//!
//! The kernel does not use the crate `acpi`, because version 6.1.1 trusts lengths: a MADT entry of length 0 is an endless
//! loop, and a short entry is read past its end. The crate needs `unsafe` and a handler of 28 functions, and its feature
//! `alloc` does not compile without its AML interpreter. The boot loader, which has no heap, shares these readers.
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

mod check;
mod fadt;
mod generic_address;
mod hpet;
mod madt;
mod memory;
mod note;
mod rsdp;
mod sleep_type;
mod spcr;
mod table;
mod table_list;

pub use check::{CopiedTables, SoundTables, check};
pub use fadt::{
    AcpiModeCommand, Fadt, FadtError, KeyboardController, Pm1Control, PmTimer, PmTimerWidth, ResetPlace, ResetRegister,
};
pub use generic_address::{AddressSpace, IoPort};
pub use hpet::{Hpet, HpetError};
pub use madt::{
    EntryError, EntryFault, GlobalSystemInterrupt, InterruptLine, IoApic, IsaRoute, IsaRoutes, LineFlags, LocalNmi,
    MadtEntries, MadtEntry, NmiTarget, Polarity, Processor, Trigger,
};
pub use memory::{AllegedAddress, OutOfReach, ReadMemory};
pub use note::AcpiNote;
pub use rsdp::{RSDP_SIGNATURE, Rsdp, RsdpError};
pub use sleep_type::SleepType;
pub use spcr::{AccessWidth, InterfaceType, SerialConsole, SpcrError, UartPlace, UartRegisters};
pub use table::{Checksum, Signature, TABLE_LIMIT_BYTES, Table, TableError, TableFault};
pub use table_list::{POINTER_LIMIT, TABLE_LIMIT, TOTAL_LIMIT_BYTES, TableList};
