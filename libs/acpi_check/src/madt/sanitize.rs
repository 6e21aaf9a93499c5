//! Sanitizes a MADT, so that the crate `acpi` reads it without an endless loop, a panic, a read past its end, or a refusal
//! of the whole table for one invalid entry.
//!
//! Invalid entries are removed. The table is cut after an entry whose length does not lead to the next one. Entries of
//! unknown types stay.

use x86_64::PhysAddr;

use super::ENTRIES_OFFSET;
use super::entry::{EntryKind, MadtEntry, NmiSource, SourceOverride};
use super::entry_bytes::EntryBytes;
use super::isa_routes::ISA_IRQ_COUNT;
use crate::address::AllegedAddress;
use crate::note::AcpiNote;
use crate::table::TableFault;

/// Why an entry is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryFault {
    /// It is too short for its type.
    #[error("{length_bytes} bytes are too short, it needs {needed_bytes}")]
    TooShort {
        /// Its length.
        length_bytes: u8,
        /// The minimum length for its type.
        needed_bytes: u8,
    },
    /// It is for a bus that does not exist.
    #[error("there is no bus {bus}")]
    Bus {
        /// The alleged bus.
        bus: u8,
    },
    /// It is for an interrupt that the ISA bus does not have.
    #[error("the ISA bus has no interrupt {irq}")]
    Irq {
        /// The alleged interrupt.
        irq: u8,
    },
    /// Polarity or trigger mode has a reserved value.
    #[error("polarity and trigger mode {flags:#x} mean nothing")]
    LineFlags {
        /// The flags.
        flags: u16,
    },
    /// It is for an interrupt line that local APICs do not have.
    #[error("local APICs have no interrupt line {line}")]
    Line {
        /// The alleged line.
        line: u8,
    },
    /// Registers cannot be at this address.
    #[error("no registers can lie at {address}")]
    Address {
        /// The alleged address.
        address: AllegedAddress,
    },
    /// It is for another architecture.
    #[error("it belongs to another architecture")]
    Foreign,
}

/// Removes unsound entries in place. Returns the new length in bytes; the caller corrects the header.
///
/// # Errors
/// When no processor is left.
pub(crate) fn sanitize(table: &mut [u8], note: &mut dyn FnMut(AcpiNote)) -> Result<u32, TableFault> {
    let table_bytes = u32::try_from(table.len()).unwrap_or(u32::MAX);
    let (mut offset, mut kept) = (ENTRIES_OFFSET, ENTRIES_OFFSET);
    let mut has_processor = false;
    while offset < table_bytes {
        let bytes = match EntryBytes::read(&&*table, AllegedAddress::new(0), table_bytes, offset) {
            Ok(bytes) => bytes,
            Err(error) => {
                note(AcpiNote::MadtCut(error));
                break;
            }
        };
        match entry_fault(&bytes) {
            Ok(kind) => {
                has_processor |= matches!(kind, EntryKind::Processor { .. });
                move_back(table, bytes, kept);
                kept = kept.saturating_add(u32::from(bytes.length_bytes));
            }
            Err(fault) => note(AcpiNote::MadtEntry {
                kind: bytes.kind,
                offset,
                fault,
            }),
        }
        offset = bytes.end();
    }
    if has_processor {
        Ok(kept)
    } else {
        Err(TableFault::NoProcessor)
    }
}

/// Validates an entry.
fn entry_fault(bytes: &EntryBytes) -> Result<EntryKind, EntryFault> {
    let entry = bytes.entry().ok_or(EntryFault::TooShort {
        length_bytes: bytes.length_bytes,
        needed_bytes: bytes.needed_bytes(),
    })?;
    check(&entry).map(|()| entry.kind)
}

/// Validates the contents of an entry.
fn check(entry: &MadtEntry) -> Result<(), EntryFault> {
    match entry.kind {
        EntryKind::IoApic(io_apic) if !may_hold_registers(io_apic.address) => Err(EntryFault::Address {
            address: io_apic.address.into(),
        }),
        EntryKind::LocalApicAddress(address) if address.possible().is_none() => Err(EntryFault::Address { address }),
        EntryKind::SourceOverride(exception) if exception.bus != 0 => Err(EntryFault::Bus { bus: exception.bus }),
        EntryKind::SourceOverride(exception) if exception.irq >= ISA_IRQ_COUNT => {
            Err(EntryFault::Irq { irq: exception.irq })
        }
        EntryKind::LocalNmi(nmi) if nmi.line > 1 => Err(EntryFault::Line { line: nmi.line }),
        EntryKind::SourceOverride(SourceOverride { flags, .. }) | EntryKind::NmiSource(NmiSource { flags, .. })
            if flags.on_isa().is_none() =>
        {
            Err(EntryFault::LineFlags { flags: flags.as_u16() })
        }
        // SAPIC and platform interrupts, GIC: the crate refuses the whole table for one of these.
        EntryKind::Other if matches!(entry.number, 6..=8 | 0xb..=0xf) => Err(EntryFault::Foreign),
        _ => Ok(()),
    }
}

/// Whether the registers of an I/O APIC, which are read as double words, can be at an address.
fn may_hold_registers(address: PhysAddr) -> bool {
    !address.is_null() && address.is_aligned(size_of::<u32>() as u64)
}

/// Moves an entry to the end of the kept ones.
fn move_back(table: &mut [u8], entry: EntryBytes, kept: u32) {
    let range = |start: u32| {
        let start = usize::try_from(start).ok()?;
        Some(start..start.checked_add(usize::from(entry.length_bytes))?)
    };
    if let (Some(from), Some(to)) = (range(entry.offset), range(kept))
        && from.end <= table.len()
        && to.start <= from.start
    {
        table.copy_within(from, to.start);
    }
}
