//! The processors and interrupt controllers in ACPI's MADT (signature "APIC"; ACPI specification, section
//! "Multiple APIC Description Table").
//!
//! What always holds: every step of the walk goes forward and stays inside the table, so it ends.

use arrayvec::ArrayVec;

use super::tables::{Checksum, HEADER_BYTES, Table};
use crate::address::PhysAddr;
use crate::bytes::{array_at, u16_at, u32_at};
use crate::physical_memory::{OutOfReach, PhysicalMemory};

/// The most processors that are listed.
pub const PROCESSOR_LIMIT: usize = 1024;
/// The most I/O APICs that are listed.
pub const IO_APIC_LIMIT: usize = 32;
/// The most NMI lines of local APICs that are listed.
pub const LOCAL_NMI_LIMIT: usize = 64;

/// Offset of the first entry: behind the header come the local APICs' address and flags.
const ENTRIES_OFFSET: u64 = HEADER_BYTES as u64 + 8;
/// The processor may be started. Those that are only "online capable" are not there yet.
const FLAG_ENABLED: u32 = 1 << 0;
/// The longest entry that is looked into.
const ENTRY_BYTES: usize = 16;

/// A processor that may be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processor {
    /// ACPI's id of it.
    pub processor_id: u32,
    /// The id that its local APIC goes by.
    pub local_apic_id: u32,
}

/// Whose local interrupt line carries NMIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NmiTarget {
    /// Every processor's.
    AllProcessors,
    /// That of the processor with this ACPI id.
    Processor(u32),
}

/// A local APIC's interrupt line that carries NMIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalNmi {
    /// Whose.
    pub target: NmiTarget,
    /// Which line: 0 or 1.
    pub line: u8,
    /// Polarity (bits 0 and 1: 3 is active low) and trigger mode (bits 2 and 3: 3 is level).
    pub flags: u16,
}

/// An I/O APIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IoApic {
    /// Its id.
    pub id: u8,
    /// Where its registers lie.
    pub address: PhysAddr,
    /// The number of its first interrupt.
    pub first_interrupt: u32,
}

/// What the table says.
#[derive(Clone, Debug, Default)]
pub struct Madt {
    /// The processors that may be started, that which runs the loader among them, in the table's order.
    pub processors: ArrayVec<Processor, PROCESSOR_LIMIT>,
    /// How many processors found no room in the list.
    pub processors_left_out: usize,
    /// The NMI lines.
    pub local_nmis: ArrayVec<LocalNmi, LOCAL_NMI_LIMIT>,
    /// The I/O APICs.
    pub io_apics: ArrayVec<IoApic, IO_APIC_LIMIT>,
}

/// Why the table is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MadtError {
    /// It cannot be read.
    #[error("ACPI's MADT: {0}")]
    OutOfReach(#[from] OutOfReach),
    /// Its bytes do not add up.
    #[error("ACPI's MADT has a wrong checksum")]
    Checksum,
    /// An entry has no room for its own head: the walk would not go forward.
    #[error("ACPI's MADT has an entry of type {kind} and length {length_bytes} at offset {offset}")]
    EntryLength {
        /// Type of the entry.
        kind: u8,
        /// Its alleged length.
        length_bytes: u8,
        /// Where it lies in the table.
        offset: u64,
    },
}

/// Reads the table.
///
/// # Errors
/// When it cannot be read, its checksum is wrong, or an entry is shorter than its kind needs or runs past the end.
pub fn read<M: PhysicalMemory>(memory: &M, table: &Table) -> Result<Madt, MadtError> {
    if table.checksum != Checksum::Right {
        return Err(MadtError::Checksum);
    }
    let mut madt = Madt::default();
    let mut offset = ENTRIES_OFFSET;
    while offset + 2 <= table.extent.length_bytes {
        let address = PhysAddr::new(table.extent.base.as_u64().saturating_add(offset));
        let [kind, length_bytes] = memory.read_array(address)?;
        let wrong_length = MadtError::EntryLength {
            kind,
            length_bytes,
            offset,
        };
        if length_bytes < 2 || offset + u64::from(length_bytes) > table.extent.length_bytes {
            return Err(wrong_length);
        }
        let mut bytes = [0; ENTRY_BYTES];
        let (entry, _) = bytes.split_at_mut(usize::from(length_bytes).min(ENTRY_BYTES));
        memory.read(address, entry)?;
        madt.take(kind, entry).ok_or(wrong_length)?;
        offset += u64::from(length_bytes);
    }
    Ok(madt)
}

impl Madt {
    /// Notes one entry. `None` when it is shorter than its kind needs.
    fn take(&mut self, kind: u8, entry: &[u8]) -> Option<()> {
        match kind {
            // Local APIC: processor id, APIC id, flags.
            0 => {
                let [processor_id, local_apic_id] = array_at(entry, 2)?.map(u32::from);
                self.take_processor(
                    Processor {
                        processor_id,
                        local_apic_id,
                    },
                    u32_at(entry, 4)?,
                );
            }
            // I/O APIC: id, reserved, address, first interrupt.
            1 => {
                let [id] = array_at(entry, 2)?;
                let address = PhysAddr::new(u64::from(u32_at(entry, 4)?));
                _ = self.io_apics.try_push(IoApic {
                    id,
                    address,
                    first_interrupt: u32_at(entry, 8)?,
                });
            }
            // Local APIC NMI: processor id, flags, line.
            4 => {
                let ([processor_id], [line]) = (array_at(entry, 2)?, array_at(entry, 5)?);
                let all = processor_id == u8::MAX;
                self.take_nmi(all, u32::from(processor_id), line, u16_at(entry, 3)?);
            }
            // Local x2APIC: reserved, APIC id, flags, processor id.
            9 => {
                let processor = Processor {
                    processor_id: u32_at(entry, 12)?,
                    local_apic_id: u32_at(entry, 4)?,
                };
                self.take_processor(processor, u32_at(entry, 8)?);
            }
            // Local x2APIC NMI: flags, processor id, line.
            0xa => {
                let (processor_id, [line]) = (u32_at(entry, 4)?, array_at(entry, 8)?);
                self.take_nmi(processor_id == u32::MAX, processor_id, line, u16_at(entry, 2)?);
            }
            _ => {}
        }
        Some(())
    }

    /// Notes a processor, if it may be started. One that is there under both types is noted once.
    fn take_processor(&mut self, processor: Processor, flags: u32) {
        let known = self
            .processors
            .iter()
            .any(|known| known.local_apic_id == processor.local_apic_id);
        if flags & FLAG_ENABLED != 0 && !known && self.processors.try_push(processor).is_err() {
            self.processors_left_out += 1;
        }
    }

    /// Notes an NMI line.
    fn take_nmi(&mut self, all: bool, processor_id: u32, line: u8, flags: u16) {
        let target = if all {
            NmiTarget::AllProcessors
        } else {
            NmiTarget::Processor(processor_id)
        };
        _ = self.local_nmis.try_push(LocalNmi { target, line, flags });
    }
}
