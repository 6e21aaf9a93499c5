//! Replaces random serial numbers by constants, so that ISOs are reproducible: the serial number of the FAT image
//! `efi.img` from `grub-mkrescue`, and the disk signature from `limine bios-install`. All other bytes are already
//! equal.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::error::IsoError;
use crate::files::file_error;

/// Bytes in a sector of an ISO.
const SECTOR_BYTES: usize = 2048;
/// Sector of the primary volume descriptor (ECMA-119, 8.4).
const PRIMARY_VOLUME_DESCRIPTOR: u32 = 16;
/// Offset of the root folder's record in that descriptor.
const ROOT_RECORD: usize = 156;
/// Maximum size read of a root folder; ours has ten entries.
const MAX_FOLDER_BYTES: u64 = 64 * 1024;
/// Serial number of every image: "LIME".
const SERIAL: [u8; 4] = *b"LIME";
/// Boot signature: a serial number follows in the next four bytes.
const EXTENDED_BOOT_SIGNATURE: u8 = 0x29;
/// Offsets of the signature on FAT12 and FAT16, and on FAT32.
const SIGNATURE_PLACES: [usize; 2] = [38, 66];

/// Offset of the disk signature in a master boot record.
const DISK_SIGNATURE: u64 = 440;

/// Overwrites the disk signature in the master boot record.
pub(crate) fn make_disk_constant(iso: &Path) -> Result<(), IsoError> {
    let file = OpenOptions::new()
        .write(true)
        .open(iso)
        .map_err(file_error("open", iso))?;
    file.write_all_at(&SERIAL, DISK_SIGNATURE)
        .map_err(file_error("change", iso))
}

/// Overwrites the serial number of `efi.img`. An ISO without that image (GRUB without its UEFI files) stays unchanged.
pub(crate) fn make_efi_volume_constant(iso: &Path) -> Result<(), IsoError> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(iso)
        .map_err(file_error("open", iso))?;
    overwrite(&file).map_err(file_error("read and change", iso))
}

/// Finds the image and writes its serial number.
fn overwrite(file: &File) -> io::Result<()> {
    let Some(image) = find_efi_image(file)? else {
        return Ok(());
    };
    let mut boot_sector = [0; 512];
    file.read_exact_at(&mut boot_sector, image)?;
    match SIGNATURE_PLACES
        .into_iter()
        .find(|place| boot_sector.get(*place) == Some(&EXTENDED_BOOT_SIGNATURE))
    {
        Some(place) => file.write_all_at(&SERIAL, image + place as u64 + 1),
        None => Err(io::Error::other("its efi.img is not a FAT image with a serial number")),
    }
}

/// Returns the offset of `efi.img` in the file.
fn find_efi_image(file: &File) -> io::Result<Option<u64>> {
    let mut descriptor = [0; SECTOR_BYTES];
    file.read_exact_at(&mut descriptor, place_of(PRIMARY_VOLUME_DESCRIPTOR))?;
    let root = descriptor
        .get(ROOT_RECORD..)
        .and_then(|bytes| Some((u32_at(bytes, 2)?, u32_at(bytes, 10)?)));
    let Some((sector, length)) = root.filter(|_| descriptor.starts_with(b"\x01CD001")) else {
        return Err(io::Error::other("it is not an ISO 9660 image"));
    };
    let mut folder = vec![0; usize::try_from(u64::from(length).min(MAX_FOLDER_BYTES)).unwrap_or(0)];
    file.read_exact_at(&mut folder, place_of(sector))?;
    Ok(folder.chunks(SECTOR_BYTES).find_map(sector_of_efi_image).map(place_of))
}

/// Returns the offset of a sector.
fn place_of(sector: u32) -> u64 {
    u64::from(sector) * SECTOR_BYTES as u64
}

/// Returns the first sector of `efi.img`, if one sector of a folder lists it. Records do not cross sectors (ECMA-119,
/// 6.8.1.1).
fn sector_of_efi_image(mut records: &[u8]) -> Option<u32> {
    loop {
        let length = usize::from(*records.first()?);
        let record = records.get(..length).filter(|record| !record.is_empty())?;
        let name = record.get(33..)?.get(..usize::from(*record.get(32)?))?;
        if name.to_ascii_lowercase().starts_with(b"efi.img") {
            return u32_at(record, 2);
        }
        records = records.get(length..)?;
    }
}

/// Reads the little-endian number at an offset.
fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes.get(offset..)?.first_chunk().copied().map(u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes a directory record of a file.
    fn record(name: &[u8], sector: u32) -> Vec<u8> {
        let mut record = vec![0; 33];
        record[2..6].copy_from_slice(&sector.to_le_bytes());
        record[32] = u8::try_from(name.len()).unwrap();
        record.extend_from_slice(name);
        record[0] = u8::try_from(record.len()).unwrap();
        record
    }

    #[test]
    fn finds_the_image_among_other_records() {
        let folder = [
            record(b"\0", 20),
            record(b"BOOT", 21),
            record(b"EFI.IMG;1", 40),
            record(b"KERNEL;1", 50),
        ]
        .concat();
        assert_eq!(sector_of_efi_image(&folder), Some(40));
    }

    #[test]
    fn a_cut_or_odd_record_is_no_image() {
        let whole = record(b"EFI.IMG;1", 40);
        for length in 0..whole.len() {
            assert_eq!(sector_of_efi_image(&whole[..length]), None, "{length}");
        }
        assert_eq!(sector_of_efi_image(&[0; 2048]), None);
        assert_eq!(sector_of_efi_image(&[1; 2048]), None);
    }

    #[test]
    fn an_image_that_is_no_iso_is_an_error() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(64 * 2048).unwrap();
        assert!(find_efi_image(&file).is_err());
    }
}
