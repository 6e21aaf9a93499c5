//! A piece of usable memory found before there is a heap, and so without a map of who owns what.

use crate::{
    boot_claim::{BootClaim, BootMemoryKind},
    pages::Pages,
    phys_range::PhysRange,
    shape::Shape,
};

/// Finds the highest place for a piece, in memory that one claim calls usable and that no other kind of claim touches.
///
/// For the first piece of the heap: the bookkeeping of this crate needs a heap itself. Page 0 is never found. The piece
/// is as large as `size_bytes` says, a multiple of 4 KiB, and begins at a multiple of `alignment_bytes`, a power of two
/// and at least 4 KiB; `None` also when they are not.
#[must_use]
pub fn find_first_piece(
    claims: impl Iterator<Item = BootClaim> + Clone,
    size_bytes: u64,
    alignment_bytes: u64,
) -> Option<PhysRange> {
    let shape = Shape::new(size_bytes, alignment_bytes).ok()?;
    let usable = claims.clone().filter(|claim| claim.kind == BootMemoryKind::Usable);
    let places = usable.filter_map(|claim| highest_place(claim.held()?, shape, claims.clone()));
    places.max().and_then(PhysRange::from_pages)
}

/// The highest place in these frames that no restrictive claim touches.
fn highest_place(frames: Pages, shape: Shape, claims: impl Iterator<Item = BootClaim> + Clone) -> Option<Pages> {
    let mut last = frames.last();
    loop {
        let place = shape.highest_in(Pages::new(frames.first().max(1), last)?)?;
        let in_the_way = claims
            .clone()
            .filter(|claim| claim.kind != BootMemoryKind::Usable)
            .filter_map(BootClaim::touched)
            .find(|touched| touched.intersection(place).is_some());
        match in_the_way {
            Some(touched) => last = touched.first().checked_sub(1)?,
            None => return Some(place),
        }
    }
}
