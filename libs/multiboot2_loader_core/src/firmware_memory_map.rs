//! The memory maps of the BIOS (Multiboot2 tag 6) and of EFI (tag 17), as a sequence of untrusted ranges.
//!
//! [`crate::memory_map_construction`] handles order, overlaps and rounding.

use crate::bytes::{u32_at, u64_at};
use crate::memory_map::RangeKind;

/// Size of an EFI page.
const EFI_PAGE_BYTES: u64 = 4096;

/// One converted entry. It may be empty, overlap others, or overflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllegedRange {
    /// First byte.
    pub base: u64,
    /// Size in bytes.
    pub length_bytes: u64,
    /// Kind, converted to the kinds of the protocol.
    pub kind: RangeKind,
}

/// Layout of the entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// Multiboot2: base, length, type (the BIOS's numbers).
    Multiboot,
    /// UEFI specification, EFI_MEMORY_DESCRIPTOR: type, physical start, virtual start, pages, attributes.
    Efi,
}

/// A firmware memory map, borrowed from the boot information.
#[derive(Clone, Copy, Debug)]
pub struct FirmwareMemoryMap<'a> {
    /// The entries, contiguous; an incomplete one at the end is ignored.
    entries: &'a [u8],
    /// Size of one entry. It is larger than the known fields if a later version added some.
    entry_size_bytes: usize,
    /// Layout of an entry.
    format: Format,
}

impl<'a> FirmwareMemoryMap<'a> {
    /// Creates a Multiboot2 map. Returns `None` if its entries are too small for their fields.
    pub(crate) fn multiboot(entries: &'a [u8], entry_size_bytes: u32) -> Option<Self> {
        (entry_size_bytes >= 24).then_some(Self {
            entries,
            entry_size_bytes: entry_size_bytes as usize,
            format: Format::Multiboot,
        })
    }

    /// Creates an EFI map. Returns `None` if its entries are too small for their fields.
    pub(crate) fn efi(entries: &'a [u8], entry_size_bytes: u32) -> Option<Self> {
        (entry_size_bytes >= 40).then_some(Self {
            entries,
            entry_size_bytes: entry_size_bytes as usize,
            format: Format::Efi,
        })
    }

    /// Returns the entries in the order of the firmware.
    pub fn ranges(&self) -> impl Iterator<Item = AllegedRange> + use<'a> {
        let format = self.format;
        self.entries
            .chunks_exact(self.entry_size_bytes)
            .filter_map(move |entry| match format {
                Format::Multiboot => multiboot_range(entry),
                Format::Efi => efi_range(entry),
            })
    }
}

/// Reads one entry of tag 6.
fn multiboot_range(entry: &[u8]) -> Option<AllegedRange> {
    let kind = match u32_at(entry, 16)? {
        1 => RangeKind::Usable,
        3 => RangeKind::AcpiReclaimable,
        4 => RangeKind::AcpiNvs,
        5 => RangeKind::BadMemory,
        _ => RangeKind::Reserved,
    };
    Some(AllegedRange {
        base: u64_at(entry, 0)?,
        length_bytes: u64_at(entry, 8)?,
        kind,
    })
}

/// Reads one EFI descriptor. GRUB has ended the boot services, so memory that GRUB allocated (the loader types) is
/// free, apart from the parts that the construction reserves again.
fn efi_range(entry: &[u8]) -> Option<AllegedRange> {
    let kind = match u32_at(entry, 0)? {
        1 | 2 | 7 => RangeKind::Usable,
        3 | 4 => RangeKind::BootloaderReclaimable,
        5 | 6 => RangeKind::ReservedMapped,
        8 => RangeKind::BadMemory,
        9 => RangeKind::AcpiReclaimable,
        10 => RangeKind::AcpiNvs,
        _ => RangeKind::Reserved,
    };
    let length_bytes = u64_at(entry, 24)?.saturating_mul(EFI_PAGE_BYTES);
    Some(AllegedRange {
        base: u64_at(entry, 8)?,
        length_bytes,
        kind,
    })
}
