//! What the loader wants of ACPI's MADT: lists of processors and interrupt controllers.

use acpi_check::{Checksum, EntryError, EntryKind, IoApic, LocalNmi, MadtEntries, Processor, Table};
use arrayvec::ArrayVec;

use super::AcpiMemory;
use crate::physical_memory::PhysicalMemory;

/// The most processors that are listed.
pub const PROCESSOR_LIMIT: usize = 1024;
/// The most I/O APICs that are listed.
pub const IO_APIC_LIMIT: usize = 32;
/// The most NMI lines of local APICs that are listed.
pub const LOCAL_NMI_LIMIT: usize = 64;

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
    /// Its bytes do not add up.
    #[error("ACPI's MADT has a wrong checksum")]
    Checksum,
    /// An entry cannot be what it says.
    #[error("ACPI: {0}")]
    Entry(#[from] EntryError),
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
    let memory = AcpiMemory(memory);
    for entry in MadtEntries::in_memory(&memory, table) {
        madt.take(entry?.kind);
    }
    Ok(madt)
}

impl Madt {
    /// Notes one entry.
    fn take(&mut self, entry: EntryKind) {
        match entry {
            EntryKind::Processor {
                processor,
                is_enabled: true,
            } => self.take_processor(processor),
            EntryKind::IoApic(io_apic) => _ = self.io_apics.try_push(io_apic),
            EntryKind::LocalNmi(nmi) => _ = self.local_nmis.try_push(nmi),
            _ => {}
        }
    }

    /// Notes a processor that may be started. One that is there under both types is noted once.
    fn take_processor(&mut self, processor: Processor) {
        let known = self
            .processors
            .iter()
            .any(|known| known.local_apic_id == processor.local_apic_id);
        if !known && self.processors.try_push(processor).is_err() {
            self.processors_left_out += 1;
        }
    }
}
