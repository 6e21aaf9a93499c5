//! Copies and validates the ACPI tables, and reads them.
//!
//! `acpi_check` finds the sound tables and copies them into kernel memory, where firmware cannot change them. It reads the
//! fields too, without allocating, so a table cannot exhaust the heap. Each fault is one line of the log, and the kernel uses
//! the rest. No AML is run.

use super::firmware_memory::FirmwareMemory;
use crate::{
    boot::{boot_info::BootInfo, hhdm_offset::OffsetMappedPhysAddr},
    memory::{
        KernelMemoryUsageType, MemoryType,
        owned_ram::{AllocateRamError, OwnedRam},
    },
};
use acpi_check::{
    AcpiNote, CopiedTables, Fadt, Hpet, IoApic, IsaRoutes, LocalNmi, MadtEntry, PmTimer, SerialConsole, Signature,
    SleepType,
};
use alloc::{boxed::Box, vec::Vec};
use core::{fmt, slice};
use memory_ranges::PAGE_BYTES;
use x86_64::PhysAddr;

/// The ACPI tables of this machine.
pub struct Acpi {
    tables: CopiedTables<'static>,
}

/// Maximum number of faults that are logged. A table can have millions, and logging those would take hours.
const MAX_NOTES: u32 = 50;

/// Logs faults, up to [`MAX_NOTES`].
#[derive(Default)]
struct NoteLog {
    count: u32,
}

impl Acpi {
    /// Reads the tables. Logs each fault; returns `None` if no table is sound.
    pub fn read(boot_info: &BootInfo) -> Option<Self> {
        let memory = FirmwareMemory::new(&boot_info.memory_map);
        let root_pointer = boot_info.rsdp.map(Into::into);
        let mut notes = NoteLog::default();
        let mut note = |wrong| notes.log(&wrong);
        // Boxed: an unoptimised build would copy its 3 KiB between stack frames.
        let sound = acpi_check::check(&memory, root_pointer, &mut note).map(Box::new)?;
        let room = match allocate(sound.size_bytes() as u64) {
            Ok(room) => room,
            Err(error) => {
                log::warn!("ACPI: no tables are used: there is no memory for their copies: {error}");
                return None;
            }
        };
        let tables = sound.copy_into(&memory, room, &mut note);
        let names: Vec<Signature> = tables.iter().map(|(name, _)| name).collect();
        log::debug!("ACPI Tables: {names:?}");
        Some(Self { tables })
    }

    /// The FADT: how the machine is switched off and reset.
    pub fn fadt(&self) -> Option<Fadt> {
        self.tables.fadt()
    }

    /// The sleep type that switches the machine off, if a table has it as constants.
    pub fn soft_off(&self) -> Option<SleepType> {
        self.tables.soft_off()
    }

    /// The power management timer.
    pub fn power_management_timer(&self) -> Option<PmTimer> {
        let timer = self.fadt()?.pm_timer();
        timer.map_err(|error| warn_of_fault(&error)).ok().flatten()
    }

    /// Address of the HPET's registers.
    pub fn hpet(&self) -> Option<PhysAddr> {
        let hpet = Hpet::from_table(self.tables.find(Signature::HPET)?);
        hpet.map_err(|error| warn_of_fault(&error))
            .ok()
            .map(|hpet| hpet.registers)
    }

    /// The serial port that the firmware uses as its console.
    pub fn serial_console(&self) -> Option<SerialConsole> {
        let console = SerialConsole::from_table(self.tables.find(Signature::SPCR)?);
        console.map_err(|error| warn_of_fault(&error)).ok().flatten()
    }

    /// The I/O APICs.
    pub fn io_apics(&self) -> impl Iterator<Item = IoApic> {
        self.madt_entries().filter_map(|entry| match entry {
            MadtEntry::IoApic(io_apic) => Some(io_apic),
            _ => None,
        })
    }

    /// The inputs of the I/O APICs to which ISA interrupts are wired.
    pub fn isa_routes(&self) -> IsaRoutes {
        IsaRoutes::read(self.tables.madt_entries())
    }

    /// The pins of local APICs that carry NMIs.
    pub fn local_nmis(&self) -> impl Iterator<Item = LocalNmi> {
        self.madt_entries().filter_map(|entry| match entry {
            MadtEntry::LocalNmi(local_nmi) => Some(local_nmi),
            _ => None,
        })
    }

    /// The ACPI processor id of the processor with this local APIC id.
    pub fn processor_id_of(&self, local_apic_id: u32) -> Option<u32> {
        self.madt_entries().find_map(|entry| match entry {
            MadtEntry::Processor { processor, .. } if processor.local_apic_id == local_apic_id => {
                Some(processor.processor_id)
            }
            _ => None,
        })
    }

    /// The valid entries of the MADT.
    fn madt_entries(&self) -> impl Iterator<Item = MadtEntry> {
        self.tables.madt_entries().flatten()
    }
}

/// Allocates zeroed memory that is never freed.
fn allocate(size_bytes: u64) -> Result<&'static mut [u8], AllocateRamError> {
    let owner = MemoryType::UsedByKernel(KernelMemoryUsageType::FirmwareTables);
    let ram = OwnedRam::allocate(size_bytes.max(1).next_multiple_of(PAGE_BYTES), owner)?;
    let start = ram.range().start().offset_mapped().as_mut_ptr();
    let length = usize::try_from(ram.range().size_bytes()).unwrap_or(0);
    core::mem::forget(ram);
    // SAFETY: The memory was just allocated and zeroed, and is never freed, because its owner was forgotten. This is the only
    // reference to it. All RAM is in the direct map.
    Ok(unsafe { slice::from_raw_parts_mut(start, length) })
}

impl NoteLog {
    /// Logs a fault, unless there were too many.
    fn log(&mut self, note: &AcpiNote) {
        if *note == AcpiNote::NoRootPointer {
            // No fault of a table: `BootInfo::log` advises to switch ACPI on.
            return log::warn!("ACPI: {note}");
        }
        self.count += 1;
        if self.count <= MAX_NOTES {
            log::warn!("ACPI: {note}");
        }
    }
}

/// Logs the number of faults that were not logged, and what to do about all of them.
impl Drop for NoteLog {
    fn drop(&mut self) {
        if let Some(more @ 1..) = self.count.checked_sub(MAX_NOTES) {
            log::warn!("ACPI: {more} more things are wrong");
        }
        if self.count > 0 {
            log::warn!("ACPI: the kernel ignores what is wrong. A firmware update may correct the tables");
        }
    }
}

/// Logs that a field of a table cannot be used.
pub(super) fn warn_of_fault(fault: &dyn fmt::Display) {
    log::warn!("ACPI: {fault}. A firmware update may correct the table");
}
