//! The EFI system table (UEFI specification, section 4), which names the ACPI root pointer and SMBIOS.
//!
//! The boot services have ended when the loader runs, so it reads the configuration table and calls nothing.

use arrayvec::ArrayVec;

use crate::address::{Extent, PhysAddr};
use crate::bytes::{array_at, u32_at, u64_at};
use crate::physical_memory::{OutOfReach, PhysicalMemory};

/// "IBI SYST".
const SIGNATURE: u64 = 0x5453_5953_2049_4249;
/// Size of the 64-bit system table.
const SYSTEM_TABLE_BYTES: u32 = 120;
/// Size of an entry of the configuration table: a GUID and an address.
const ENTRY_BYTES: u64 = 24;
/// Maximum number of configuration entries. Real firmware has about 20.
pub const CONFIGURATION_LIMIT: u64 = 512;
/// Maximum length of the vendor's name, in 16-bit characters.
const VENDOR_LIMIT: u64 = 128;

/// EFI's names are 128-bit GUIDs, the first three fields little-endian.
const ACPI_2: [u8; 16] = guid(
    0x8868_e871,
    0xe4f1,
    0x11d3,
    [0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81],
);
/// ACPI 1.0's root pointer.
const ACPI_1: [u8; 16] = guid(
    0xeb9d_2d30,
    0x2d88,
    0x11d3,
    [0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d],
);
/// SMBIOS's 32-bit entry point.
const SMBIOS_32: [u8; 16] = guid(
    0xeb9d_2d31,
    0x2d88,
    0x11d3,
    [0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d],
);
/// SMBIOS's 64-bit entry point.
const SMBIOS_64: [u8; 16] = guid(
    0xf2fd_1544,
    0x9794,
    0x4a2c,
    [0x99, 0x2e, 0xe5, 0xbb, 0xcf, 0x20, 0xe3, 0x94],
);

/// What the system table names.
#[derive(Clone, Debug, Default)]
pub struct EfiTables {
    /// ACPI root pointer; version 2 if there are both.
    pub rsdp: Option<PhysAddr>,
    /// SMBIOS's 32-bit entry point.
    pub smbios_32: Option<PhysAddr>,
    /// SMBIOS's 64-bit entry point.
    pub smbios_64: Option<PhysAddr>,
    /// What the kernel needs to read it itself: system table, configuration table, vendor's name.
    pub extents: ArrayVec<Extent, 3>,
}

/// The reason why the system table is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EfiError {
    /// A part cannot be read.
    #[error("EFI's system table: {0}")]
    OutOfReach(#[from] OutOfReach),
    /// There is no system table at the address.
    #[error("no EFI system table at {address}")]
    Signature {
        /// The address.
        address: PhysAddr,
    },
    /// There are too many configuration entries.
    #[error("EFI's system table has {count} configuration entries")]
    Configuration {
        /// Their number.
        count: u64,
    },
}

impl EfiTables {
    /// Reads the 64-bit system table at `address`.
    ///
    /// # Errors
    /// There is no system table, or a part of it cannot be read.
    pub fn walk<M: PhysicalMemory>(memory: &M, address: PhysAddr) -> Result<Self, EfiError> {
        let table: [u8; 120] = memory.read_array(address)?;
        if u64_at(&table, 0) != Some(SIGNATURE) || u32_at(&table, 12).is_none_or(|size| size < SYSTEM_TABLE_BYTES) {
            return Err(EfiError::Signature { address });
        }
        let field = |offset| u64_at(&table, offset).unwrap_or(0);
        let (vendor, count, configuration) = (PhysAddr::new(field(24)), field(104), PhysAddr::new(field(112)));
        if count > CONFIGURATION_LIMIT {
            return Err(EfiError::Configuration { count });
        }
        let mut tables = Self::default();
        tables.extents.push(Extent::new(address, u64::from(SYSTEM_TABLE_BYTES)));
        tables.extents.push(Extent::new(configuration, count * ENTRY_BYTES));
        if let Some(length_bytes) = vendor_length_bytes(memory, vendor) {
            tables.extents.push(Extent::new(vendor, length_bytes));
        }
        for index in 0..count {
            let entry = PhysAddr::new(configuration.as_u64().saturating_add(index * ENTRY_BYTES));
            tables.take(memory.read_array(entry)?);
        }
        Ok(tables)
    }

    /// Records one configuration entry.
    fn take(&mut self, entry: [u8; 24]) {
        let address = u64_at(&entry, 16).filter(|address| *address != 0).map(PhysAddr::new);
        match array_at(&entry, 0) {
            Some(ACPI_2) => self.rsdp = address.or(self.rsdp),
            Some(ACPI_1) => self.rsdp = self.rsdp.or(address),
            Some(SMBIOS_32) => self.smbios_32 = address,
            Some(SMBIOS_64) => self.smbios_64 = address,
            _ => {}
        }
    }
}

/// Returns the size of the vendor's name including its terminator; `None` without a name or terminator.
fn vendor_length_bytes<M: PhysicalMemory>(memory: &M, vendor: PhysAddr) -> Option<u64> {
    if vendor.as_u64() == 0 {
        return None;
    }
    (1..=VENDOR_LIMIT).map(|count| count * 2).find(|length| {
        let last = vendor.checked_add(length - 2).map(|last| memory.read_array::<2>(last));
        matches!(last, Some(Ok([0, 0])))
    })
}

/// Returns the bytes of a GUID.
const fn guid(a: u32, b: u16, c: u16, d: [u8; 8]) -> [u8; 16] {
    let ([a0, a1, a2, a3], [b0, b1], [c0, c1]) = (a.to_le_bytes(), b.to_le_bytes(), c.to_le_bytes());
    let [d0, d1, d2, d3, d4, d5, d6, d7] = d;
    [a0, a1, a2, a3, b0, b1, c0, c1, d0, d1, d2, d3, d4, d5, d6, d7]
}
