//! ACPI's tables: copied, checked, and then read by the crate `acpi`.
//!
//! `acpi_check` reads the firmware's tables and copies those that are sound into memory of the kernel's, in which every pointer
//! and every length is right. The crate sees nothing but that copy. What is wrong is one line of the log each, and the kernel
//! goes on with what is left. No AML is run.

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

/// What the kernel knows of its machine by ACPI.
pub struct Acpi {
    /// The tables, for our own reading. Boxed, since they are some KiB that an unoptimised build would copy from frame to
    /// frame of the stack.
    checked: Box<CheckedTables<'static>>,
    /// The same, for the crate's.
    tables: AcpiTables<KernelAcpiHandler>,
}

/// Why there is no copy of the tables.
enum CopyError {
    /// There is no memory for it.
    NoMemory(AllocateRamError),
    /// It cannot be made.
    Image(ImageError),
    /// The crate refuses it.
    Crate(acpi::AcpiError),
}

/// So many of the things that are wrong are told. A table can have millions: the log would hold the boot up for hours.
const MAX_NOTES: u32 = 50;

/// Tells what is wrong, up to [`MAX_NOTES`].
#[derive(Default)]
struct NoteLog {
    /// How many things were wrong so far.
    count: u32,
}

impl Acpi {
    /// Reads the tables. `None` if there is nothing sound; what is wrong has been logged then.
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
                log::warn!("ACPI: {error}");
                None
            }
        }
    }

    /// Copies the sound tables into memory that is never given back.
    fn copy(sound: &SoundTables, memory: &FirmwareMemory, note: &mut dyn FnMut(AcpiNote)) -> Result<Self, CopyError> {
        let size_bytes = (sound.image_size_bytes() as u64).next_multiple_of(PAGE_BYTES);
        let owner = MemoryType::UsedByKernel(KernelMemoryUsageType::FirmwareTables);
        let ram = OwnedRam::allocate(size_bytes, owner).map_err(CopyError::NoMemory)?;
        let base = ram.range().start();
        let length = usize::try_from(ram.range().size_bytes()).unwrap_or(0);
        // SAFETY: The memory was just allocated, is zeroed, and is forgotten below: it stays for good, and this is the only way
        // to write to it. All RAM is in the direct map.
        let image: &'static mut [u8] = unsafe { slice::from_raw_parts_mut(base.offset_mapped().as_mut_ptr(), length) };
        core::mem::forget(ram);
        let checked = sound
            .copy_into(memory, base, image, note)
            .map(Box::new)
            .map_err(CopyError::Image)?;
        let handler = KernelAcpiHandler::new(base, length);
        let root_pointer = usize::try_from(checked.root_pointer().as_u64()).unwrap_or(0);
        // SAFETY: The root pointer of the copy lies there, and the copy is as `acpi_check` promises it.
        let tables = unsafe { AcpiTables::from_rsdp(handler, root_pointer) }.map_err(CopyError::Crate)?;
        Ok(Self { checked, tables })
    }

    /// Names the tables.
    fn log(&self) {
        let names = self.tables.table_headers().map(|(_, header)| header.signature);
        let names: Vec<String> = names.map(|name| String::from(name.as_str())).collect();
        log::debug!("ACPI Tables: {names:?}");
    }

    /// What the FADT says: how the machine is switched off and reset.
    pub fn fadt(&self) -> Option<&Fadt> {
        self.checked.fadt()
    }

    /// What switches the machine off, if a table says it plainly.
    pub fn soft_off(&self) -> Option<SleepType> {
        self.checked.soft_off()
    }

    /// The power management timer.
    pub fn power_management_timer(&self) -> Option<PmTimer> {
        let timer = self.checked.fadt()?.pm_timer();
        timer.map_err(|error| log::warn!("ACPI: {error}")).ok().flatten()
    }

    /// Where the HPET's registers lie.
    pub fn hpet(&self) -> Option<PhysAddr> {
        let hpet = Hpet::from_table(self.checked.find(Signature::HPET)?);
        hpet.map_err(|error| log::warn!("ACPI: {error}"))
            .ok()
            .map(|hpet| hpet.registers)
    }

    /// The serial port that the firmware uses as its console.
    pub fn serial_console(&self) -> Option<SerialConsole> {
        let console = SerialConsole::from_table(self.checked.find(Signature::SPCR)?);
        console.map_err(|error| log::warn!("ACPI: {error}")).ok().flatten()
    }

    /// The I/O APICs. Not by the crate, which makes lists of all that a table says, and a table can say more than the heap holds.
    pub fn io_apics(&self) -> impl Iterator<Item = IoApic> {
        self.madt_entries().filter_map(|entry| match entry {
            EntryKind::IoApic(io_apic) => Some(io_apic),
            _ => None,
        })
    }

    /// Where the interrupts of the ISA bus arrive.
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

    /// What ACPI calls the processor with a local APIC of this id.
    pub fn processor_id_of(&self, local_apic_id: u32) -> Option<u32> {
        self.madt_entries().find_map(|entry| match entry {
            EntryKind::Processor { processor, .. } if processor.local_apic_id == local_apic_id => {
                Some(processor.processor_id)
            }
            _ => None,
        })
    }

    /// What the MADT says of interrupts and processors.
    fn madt_entries(&self) -> impl Iterator<Item = EntryKind> {
        let madt = self.checked.find(Signature::MADT);
        let entries = madt.into_iter().flat_map(MadtEntries::in_bytes).flatten();
        entries.map(|entry| entry.kind)
    }
}

impl NoteLog {
    /// Logs something that is wrong, if there is room.
    fn log(&mut self, note: &AcpiNote) {
        self.count += 1;
        if self.count <= MAX_NOTES {
            log::warn!("ACPI: {note}");
        }
    }
}

/// Says how much was left out.
impl Drop for NoteLog {
    fn drop(&mut self) {
        if let Some(more @ 1..) = self.count.checked_sub(MAX_NOTES) {
            log::warn!("ACPI: {more} more things are wrong");
        }
    }
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
