//! Copies and validates the ACPI tables, and reads them.
//!
//! `acpi_check` copies the sound tables into kernel memory, with valid lengths and pointers. The crate `acpi` reads the list of
//! tables from that copy. The fields are read by `acpi_check`: its readers do not allocate, so a table cannot exhaust the heap,
//! and they refuse addresses at which the crate panics. Each fault is one line of the log, and the kernel uses the rest. No AML
//! is run.

use super::{firmware_memory::FirmwareMemory, kernel_acpi_handler::KernelAcpiHandler};
use crate::{
    boot::{boot_info::BootInfo, hhdm_offset::OffsetMappedPhysAddr},
    memory::{
        KernelMemoryUsageType, MemoryType,
        owned_ram::{AllocateRamError, OwnedRam},
    },
};
use acpi::AcpiTables;
use acpi_check::{
    AcpiNote, CheckedTables, EntryKind, Fadt, Hpet, ImageError, IoApic, IsaRoutes, LocalNmi, MadtEntries, PmTimer,
    SerialConsole, Signature, SleepType, SoundTables,
};
use alloc::{boxed::Box, string::String, vec::Vec};
use core::{fmt, slice};
use memory_ranges::PAGE_BYTES;
use x86_64::PhysAddr;

/// The ACPI tables of this machine.
pub struct Acpi {
    /// The copy, for the readers of `acpi_check`. Boxed: an unoptimised build would copy its 5 KiB between stack frames.
    checked: Box<CheckedTables<'static>>,
    /// The same copy, for the crate.
    tables: AcpiTables<KernelAcpiHandler>,
}

/// Why the tables cannot be copied.
enum CopyError {
    NoMemory(AllocateRamError),
    Image(ImageError),
    Crate(acpi::AcpiError),
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
        let sound = acpi_check::check(&memory, root_pointer, &mut note).map(Box::new)?;
        match Self::copy(&sound, &memory, &mut note) {
            Ok(acpi) => {
                acpi.log();
                Some(acpi)
            }
            Err(error) => {
                log::warn!("ACPI: no tables are used: {error}");
                None
            }
        }
    }

    /// Copies the sound tables into memory that is never freed.
    fn copy(sound: &SoundTables, memory: &FirmwareMemory, note: &mut dyn FnMut(AcpiNote)) -> Result<Self, CopyError> {
        let size_bytes = (sound.image_size_bytes() as u64).next_multiple_of(PAGE_BYTES);
        let owner = MemoryType::UsedByKernel(KernelMemoryUsageType::FirmwareTables);
        let ram = OwnedRam::allocate(size_bytes, owner).map_err(CopyError::NoMemory)?;
        let base = ram.range().start();
        let length = usize::try_from(ram.range().size_bytes()).unwrap_or(0);
        // SAFETY: The memory was just allocated, is zeroed, and is never freed, because its owner is forgotten below. This is the
        // only reference to it. All RAM is in the direct map.
        let image: &'static mut [u8] = unsafe { slice::from_raw_parts_mut(base.offset_mapped().as_mut_ptr(), length) };
        core::mem::forget(ram);
        let checked = sound
            .copy_into(memory, base, image, note)
            .map(Box::new)
            .map_err(CopyError::Image)?;
        let handler = KernelAcpiHandler::new(base, length);
        let root_pointer = usize::try_from(checked.root_pointer().as_u64()).unwrap_or(0);
        // SAFETY: The address is that of the copy's root pointer, and `acpi_check` guarantees the copy's lengths and pointers.
        let tables = unsafe { AcpiTables::from_rsdp(handler, root_pointer) }.map_err(CopyError::Crate)?;
        Ok(Self { checked, tables })
    }

    /// Logs the names of the tables.
    fn log(&self) {
        let names = self.tables.table_headers().map(|(_, header)| header.signature);
        let names: Vec<String> = names.map(|name| String::from(name.as_str())).collect();
        log::debug!("ACPI Tables: {names:?}");
    }

    /// The FADT: how the machine is switched off and reset.
    pub fn fadt(&self) -> Option<&Fadt> {
        self.checked.fadt()
    }

    /// The sleep type that switches the machine off, if a table has it as constants.
    pub fn soft_off(&self) -> Option<SleepType> {
        self.checked.soft_off()
    }

    /// The power management timer.
    pub fn power_management_timer(&self) -> Option<PmTimer> {
        let timer = self.checked.fadt()?.pm_timer();
        timer.map_err(|error| warn_of_fault(&error)).ok().flatten()
    }

    /// Address of the HPET's registers.
    pub fn hpet(&self) -> Option<PhysAddr> {
        let hpet = Hpet::from_table(self.checked.find(Signature::HPET)?);
        hpet.map_err(|error| warn_of_fault(&error))
            .ok()
            .map(|hpet| hpet.registers)
    }

    /// The serial port that the firmware uses as its console.
    pub fn serial_console(&self) -> Option<SerialConsole> {
        let console = SerialConsole::from_table(self.checked.find(Signature::SPCR)?);
        console.map_err(|error| warn_of_fault(&error)).ok().flatten()
    }

    /// The I/O APICs.
    pub fn io_apics(&self) -> impl Iterator<Item = IoApic> {
        self.madt_entries().filter_map(|entry| match entry {
            EntryKind::IoApic(io_apic) => Some(io_apic),
            _ => None,
        })
    }

    /// The inputs of the I/O APICs to which ISA interrupts are wired.
    pub fn isa_routes(&self) -> IsaRoutes {
        let madt = self.checked.find(Signature::MADT);
        madt.map_or_else(IsaRoutes::default, |madt| IsaRoutes::read(MadtEntries::in_bytes(madt)))
    }

    /// The pins of local APICs that carry NMIs.
    pub fn local_nmis(&self) -> impl Iterator<Item = LocalNmi> {
        self.madt_entries().filter_map(|entry| match entry {
            EntryKind::LocalNmi(local_nmi) => Some(local_nmi),
            _ => None,
        })
    }

    /// The ACPI processor id of the processor with this local APIC id.
    pub fn processor_id_of(&self, local_apic_id: u32) -> Option<u32> {
        self.madt_entries().find_map(|entry| match entry {
            EntryKind::Processor { processor, .. } if processor.local_apic_id == local_apic_id => {
                Some(processor.processor_id)
            }
            _ => None,
        })
    }

    /// The entries of the MADT.
    fn madt_entries(&self) -> impl Iterator<Item = EntryKind> {
        let madt = self.checked.find(Signature::MADT);
        let entries = madt.into_iter().flat_map(MadtEntries::in_bytes).flatten();
        entries.map(|entry| entry.kind)
    }
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

impl fmt::Display for CopyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMemory(error) => write!(formatter, "there is no memory for the tables: {error:?}"),
            Self::Image(error) => write!(formatter, "{error}"),
            Self::Crate(error) => write!(formatter, "the tables are refused: {error:?}"),
        }
    }
}
