//! The boot loader's memory map, checked: disjoint ranges of whole frames in ascending order, each of one kind.
//!
//! What always holds, whatever the order of the entries: a frame has the most restrictive kind among the entries that
//! touch it. If the kernel may allocate that kind, one entry of the kind covers the whole frame; otherwise the frame is
//! left out. Touching ranges have different kinds.

use crate::{
    address_range::PhysRange,
    boot_claim::{BootClaim, BootMemoryKind},
    interval_map::IntervalMap,
    pages::Pages,
};
use alloc::vec::Vec;

/// The checked memory map.
#[derive(Debug, Clone)]
pub struct BootMap {
    kinds: IntervalMap<BootMemoryKind>,
    notes: Vec<BootMapNote>,
}

/// An oddity in the boot loader's memory map, already corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootMapNote {
    /// The entry has no bytes and is ignored.
    Empty(BootClaim),
    /// The entry ends beyond the physical address space. It is ignored if the kernel could allocate it, else cut off.
    BeyondAddressSpace(BootClaim),
    /// The entry does not consist of whole frames, so it is smaller here.
    NotWholeFrames(BootClaim),
    /// The entry shares a frame with an earlier entry of its kind, or with one of a less restrictive kind.
    SharesFrames {
        /// The entry that wins: it is at least as restrictive.
        claim: BootClaim,
        /// The kind of the other one.
        with: BootMemoryKind,
    },
}

impl BootMap {
    /// Checks the boot loader's entries, which may come in any order. Iterates over them several times instead of sorting.
    #[must_use]
    pub fn from_claims(claims: impl Iterator<Item = BootClaim> + Clone) -> Self {
        let mut map = Self {
            kinds: IntervalMap::new(),
            notes: claims.clone().filter_map(own_oddity).collect(),
        };
        for kind in BootMemoryKind::ALL {
            let of_this_kind = claims.clone().filter(|claim| claim.kind == kind);
            // First the frames that entries cover only in part: another entry of the kind may cover them whole.
            for claim in of_this_kind.clone().filter(|claim| claim.touched() != claim.held()) {
                if let Some(touched) = claim.touched() {
                    map.note_shared_frames(touched, claim);
                    map.kinds.clear(touched);
                }
            }
            for claim in of_this_kind {
                if let Some(held) = claim.held() {
                    map.note_shared_frames(held, claim);
                    map.kinds.set(held, kind);
                }
            }
        }
        map
    }

    /// The oddities of the boot loader's map.
    #[must_use]
    pub fn notes(&self) -> &[BootMapNote] {
        &self.notes
    }

    /// The ranges in ascending order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (PhysRange, BootMemoryKind)> + '_ {
        let runs = self.kinds.iter();
        runs.map(|(run, kind)| (PhysRange::from_pages(run), kind))
    }

    /// Number of bytes of this kind.
    #[must_use]
    pub fn bytes_of(&self, kind: BootMemoryKind) -> u64 {
        let of_this_kind = self.iter().filter(|(_, other)| *other == kind);
        of_this_kind.map(|(range, _)| range.size_bytes()).sum()
    }

    /// Notes the first range that the entry overlaps.
    fn note_shared_frames(&mut self, frames: Pages, claim: BootClaim) {
        let other = self.kinds.overlapping(frames).next();
        if let Some((_, with)) = other {
            self.notes.push(BootMapNote::SharesFrames { claim, with });
        }
    }
}

fn own_oddity(claim: BootClaim) -> Option<BootMapNote> {
    if claim.length_bytes == 0 {
        return Some(BootMapNote::Empty(claim));
    }
    if claim.is_beyond_address_space() {
        return Some(BootMapNote::BeyondAddressSpace(claim));
    }
    let held_bytes = claim.held().map_or(0, Pages::size_bytes);
    (held_bytes < claim.length_bytes).then_some(BootMapNote::NotWholeFrames(claim))
}
