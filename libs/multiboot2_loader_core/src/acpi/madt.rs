//! The content of the ACPI MADT that the loader uses: lists of processors and interrupt controllers.

use acpi_check::{Checksum, EntryError, IoApic, LocalNmi, MadtEntries, MadtEntry, Processor, Table};
use arrayvec::ArrayVec;

use super::AcpiMemory;
use crate::physical_memory::PhysicalMemory;

/// Maximum number of processors.
pub const PROCESSOR_LIMIT: usize = 1024;
/// Maximum number of I/O APICs.
pub const IO_APIC_LIMIT: usize = 32;
/// Maximum number of NMI lines of local APICs.
pub const LOCAL_NMI_LIMIT: usize = 64;

/// The content of the table.
#[derive(Clone, Debug, Default)]
pub struct Madt {
    /// Processors that can be started, including the BSP, in the order of the table.
    pub processors: ArrayVec<Processor, PROCESSOR_LIMIT>,
    /// Number of processors that did not fit into the list.
    pub processors_left_out: usize,
    /// The NMI lines.
    pub local_nmis: ArrayVec<LocalNmi, LOCAL_NMI_LIMIT>,
    /// The I/O APICs.
    pub io_apics: ArrayVec<IoApic, IO_APIC_LIMIT>,
}

/// The reason why the table is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MadtError {
    /// The checksum is wrong.
    #[error("ACPI's MADT has a wrong checksum")]
    Checksum,
    /// An entry is invalid.
    #[error("ACPI: {0}")]
    Entry(#[from] EntryError),
}

/// Reads the table. Skips entries with an invalid field.
///
/// # Errors
/// The table cannot be read, its checksum is wrong, or an entry is too short or extends beyond the end.
pub fn read<M: PhysicalMemory>(memory: &M, table: &Table) -> Result<Madt, MadtError> {
    if table.checksum != Checksum::Right {
        return Err(MadtError::Checksum);
    }
    let mut madt = Madt::default();
    let memory = AcpiMemory(memory);
    for entry in MadtEntries::in_memory(&memory, table) {
        match entry {
            // The kernel reports it and ignores it too.
            Err(EntryError::Field { .. }) => {}
            entry => madt.take(entry?),
        }
    }
    Ok(madt)
}

impl Madt {
    /// Records one entry.
    fn take(&mut self, entry: MadtEntry) {
        match entry {
            MadtEntry::Processor {
                processor,
                is_enabled: true,
            } => self.take_processor(processor),
            MadtEntry::IoApic(io_apic) => _ = self.io_apics.try_push(io_apic),
            MadtEntry::LocalNmi(nmi) => _ = self.local_nmis.try_push(nmi),
            _ => {}
        }
    }

    /// Records a processor that can be started. A processor that is listed under both types is recorded once.
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
