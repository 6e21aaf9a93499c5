//! The first memory of the heap, found without a map: all maps of this crate need the heap.

use crate::{
    address_range::PhysRange,
    boot_claim::{BootClaim, BootMemoryKind},
    pages::{PAGE_BYTES, Pages},
};

/// Finds the highest `size_bytes` bytes (a multiple of 4 KiB) that lie in one usable entry and that no entry of another
/// kind touches. Never returns page 0. `None` if there is no such place or the size is 0 or unaligned.
#[must_use]
pub fn find_first_piece(claims: impl Iterator<Item = BootClaim> + Clone, size_bytes: u64) -> Option<PhysRange> {
    if !size_bytes.is_multiple_of(PAGE_BYTES) {
        return None;
    }
    let count = size_bytes / PAGE_BYTES;
    let usable = claims.clone().filter(|claim| claim.kind == BootMemoryKind::Usable);
    let places = usable.filter_map(|claim| highest_place(claim.held()?, count, claims.clone()));
    places.max().map(PhysRange::from_pages)
}

/// The highest `count` frames among these that no entry of another kind than usable touches.
fn highest_place(frames: Pages, count: u64, claims: impl Iterator<Item = BootClaim> + Clone) -> Option<Pages> {
    let mut last = frames.last();
    loop {
        let place = Pages::new(frames.first().max(1), last)?.highest_place(count, 1)?;
        let obstacle = claims
            .clone()
            .filter(|claim| claim.kind != BootMemoryKind::Usable)
            .filter_map(BootClaim::touched)
            .find(|touched| touched.intersection(place).is_some());
        match obstacle {
            Some(touched) => last = touched.first().checked_sub(1)?,
            None => return Some(place),
        }
    }
}
