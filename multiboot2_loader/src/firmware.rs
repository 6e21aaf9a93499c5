//! Finds the firmware's tables: ACPI, SMBIOS and EFI.
//!
//! A machine without them, or with damaged ones, boots as well: each missing table is a warning.

use acpi_check::{AcpiNote, Checksum, Fadt, Rsdp, Signature, TABLE_LIMIT, Table, TableError, TableFault, TableList};
use arrayvec::ArrayVec;
use multiboot2_loader_core::acpi::madt::{self, Madt};
use multiboot2_loader_core::acpi::{AcpiMemory, extent_of, rsdp_search};
use multiboot2_loader_core::address::{Extent, PhysAddr};
use multiboot2_loader_core::boot_information::BootInformation;
use multiboot2_loader_core::efi::EfiTables;
use multiboot2_loader_core::smbios::{self, SmbiosEntryPoints};

use crate::console;
use crate::direct_map::DirectMap;

/// Maximum number of protected ranges: all ACPI tables, the root pointer, and the tables of EFI and SMBIOS.
const EXTENT_LIMIT: usize = TABLE_LIMIT + 16;

/// The tables.
#[derive(Debug, Default)]
pub(crate) struct Firmware {
    /// ACPI's root pointer.
    pub(crate) rsdp: Option<Rsdp>,
    /// ACPI's tables.
    pub(crate) tables: TableList,
    /// The processors and interrupt controllers.
    pub(crate) madt: Option<Madt>,
    /// EFI's system table.
    pub(crate) efi_system_table: Option<PhysAddr>,
    /// SMBIOS.
    pub(crate) smbios: SmbiosEntryPoints,
    /// Register of the real-time clock that holds the century.
    pub(crate) century_register: Option<u8>,
    /// EFI's tables.
    efi_extents: ArrayVec<Extent, 3>,
}

impl Firmware {
    /// Searches the places of this kind of firmware.
    pub(crate) fn find(memory: &DirectMap, information: &BootInformation<'_>) -> Self {
        let mut firmware = Self::default();
        match information.efi_system_table {
            Some(system_table) => firmware.find_with_efi(memory, system_table),
            None => {
                firmware.rsdp = rsdp_search::find_in_low_memory(memory);
                firmware.smbios = smbios::find_in_low_memory(memory);
            }
        }
        if firmware.rsdp.is_none() {
            console::warn(format_args!("no ACPI: there is no root pointer"));
        }
        firmware.read_acpi_tables(memory);
        firmware
    }

    /// Returns all ranges that the kernel will read.
    pub(crate) fn extents(&self) -> ArrayVec<Extent, EXTENT_LIMIT> {
        let rsdp = self
            .rsdp
            .map(|rsdp| Extent::new(rsdp.address.into(), u64::from(rsdp.length_bytes)));
        let tables = self.tables.tables().iter().map(extent_of);
        let others = self.efi_extents.iter().chain(&self.smbios.extents).copied();
        rsdp.into_iter()
            .chain(tables)
            .chain(others)
            .take(EXTENT_LIMIT)
            .collect()
    }

    /// Reads the EFI system table.
    fn find_with_efi(&mut self, memory: &DirectMap, system_table: PhysAddr) {
        let efi = match EfiTables::walk(memory, system_table) {
            Ok(efi) => efi,
            Err(error) => return console::warn(format_args!("{error}")),
        };
        self.efi_system_table = Some(system_table);
        self.smbios = smbios::check(memory, [efi.smbios_32, efi.smbios_64]);
        self.rsdp = match efi.rsdp.map(|address| Rsdp::check(&AcpiMemory(memory), address.into())) {
            Some(Ok(rsdp)) => Some(rsdp),
            Some(Err(error)) => {
                console::warn(format_args!("{error}"));
                None
            }
            None => None,
        };
        self.efi_extents = efi.extents;
    }

    /// Lists the ACPI tables, and reads those that the loader uses.
    fn read_acpi_tables(&mut self, memory: &DirectMap) {
        let Some(rsdp) = &self.rsdp else { return };
        let mut unreadable = 0;
        let mut count = |note| unreadable += u32::from(is_unreadable(note));
        match TableList::read(&AcpiMemory(memory), rsdp, &mut count) {
            Ok(list) => self.tables = list,
            Err(error) => return console::warn(format_args!("ACPI: {error}")),
        }
        if unreadable > 0 {
            console::warn(format_args!("{unreadable} ACPI tables cannot be read"));
        }
        let fadt = self.tables.find(Signature::FADT);
        self.century_register = fadt.and_then(|table| century_register(memory, table));
        match self.tables.find(Signature::MADT).map(|table| madt::read(memory, table)) {
            Some(Ok(madt)) => self.madt = Some(madt),
            Some(Err(error)) => console::warn(format_args!("{error}")),
            None => console::warn(format_args!("ACPI has no MADT: only one processor is known")),
        }
    }
}

/// Whether the note is about an unreadable table. The kernel reports all other problems.
const fn is_unreadable(note: AcpiNote) -> bool {
    matches!(
        note,
        AcpiNote::Table(TableError {
            fault: TableFault::OutOfReach(_) | TableFault::Length { .. },
            ..
        })
    )
}

/// Returns the century register of a valid FADT.
fn century_register(memory: &DirectMap, table: &Table) -> Option<u8> {
    if table.checksum != Checksum::Right {
        return None;
    }
    Fadt::read(&AcpiMemory(memory), table).ok()?.century_register()
}
