//! Writes the copy's root pointer and list of tables.

use x86_64::PhysAddr;

use super::checksum::{set_checksum, set_length_and_checksum};
use super::layout::{POINTER_BYTES, POINTERS, RSDP, XSDT};
use crate::bytes::put;
use crate::rsdp::{RSDP_SIGNATURE, SECOND_LENGTH_BYTES};
use crate::signature::Signature;

/// OEM id of both.
const OEM_ID: [u8; 6] = *b"LIMELT";
/// OEM table id of the list.
const OEM_TABLE_ID: [u8; 8] = *b"CHECKED ";

/// Offset of the revision in the list's header.
const XSDT_REVISION: usize = 8;
/// Offset of the list's maker in its header.
const XSDT_OEM_ID: usize = 10;
/// Offset of the list's own name in its header.
const XSDT_OEM_TABLE_ID: usize = 16;
/// Offset of the root pointer's checksum over its first part.
const RSDP_CHECKSUM: usize = 8;
/// Offset of the root pointer's maker.
const RSDP_OEM_ID: usize = 9;
/// Offset of the root pointer's version.
const RSDP_REVISION: usize = 15;
/// Offset of its length, where its first part ends.
const RSDP_LENGTH: usize = 20;
/// Offset of the list's address in it.
const RSDP_XSDT: usize = 24;
/// Offset of the checksum over all of it.
const RSDP_EXTENDED_CHECKSUM: usize = 32;

/// Writes the list, with pointers to tables at these offsets of the image.
pub(super) fn write_xsdt(image: &mut [u8], base: PhysAddr, offsets: impl Iterator<Item = usize>) {
    let mut end = POINTERS;
    for offset in offsets {
        put(image, end, address_at(base, offset).to_le_bytes());
        end += POINTER_BYTES;
    }
    put(image, XSDT, *Signature::XSDT.as_bytes());
    put(image, XSDT + XSDT_REVISION, [1]);
    put(image, XSDT + XSDT_OEM_ID, OEM_ID);
    put(image, XSDT + XSDT_OEM_TABLE_ID, OEM_TABLE_ID);
    if let Some(xsdt) = image.get_mut(XSDT..end) {
        set_length_and_checksum(xsdt);
    }
}

/// Writes the root pointer, of the second version.
pub(super) fn write_rsdp(image: &mut [u8], base: PhysAddr) {
    put(image, RSDP, *RSDP_SIGNATURE);
    put(image, RSDP + RSDP_OEM_ID, OEM_ID);
    put(image, RSDP + RSDP_REVISION, [2]);
    put(image, RSDP + RSDP_LENGTH, SECOND_LENGTH_BYTES.to_le_bytes());
    put(image, RSDP + RSDP_XSDT, address_at(base, XSDT).to_le_bytes());
    if let Some(first) = image.get_mut(RSDP..RSDP + RSDP_LENGTH) {
        set_checksum(first, RSDP_CHECKSUM);
    }
    if let Some(all) = image.get_mut(RSDP..RSDP + SECOND_LENGTH_BYTES as usize) {
        set_checksum(all, RSDP_EXTENDED_CHECKSUM);
    }
}

/// The physical address of an offset in the image.
pub(super) const fn address_at(base: PhysAddr, offset: usize) -> u64 {
    base.as_u64().saturating_add(offset as u64)
}
