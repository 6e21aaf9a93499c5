//! The boot loader's memory map, checked: disjoint ranges of whole frames in ascending order, each of one kind.
//!
//! What always holds, in whatever order the claims come: a frame that any claim touches is of the most restrictive kind
//! that touches it; if the kernel may give out memory of that kind, the frame lies wholly in one claim of it, or it is
//! left out. Touching ranges of one kind are one range, so a page that lies in one range is memory of one kind.

use crate::{
    boot_claim::{BootClaim, BootMemoryKind},
    pages::Pages,
    phys_range::PhysRange,
    tiling::Tiling,
};
use alloc::vec::Vec;

/// The checked memory map.
#[derive(Debug, Clone)]
pub struct BootMap {
    /// The kind of each frame that has one.
    frames: Tiling<BootMemoryKind>,
    /// What was odd.
    notes: Vec<BootMapNote>,
}

/// What was odd in the boot loader's memory map, and has been dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootMapNote {
    /// A claim of no bytes is left out.
    Empty {
        /// The claim.
        claim: BootClaim,
    },
    /// The claim ends where no memory can be: what could be given out is not, anything else is cut off there.
    BeyondAddressSpace {
        /// The claim.
        claim: BootClaim,
    },
    /// The claim does not begin and end with a frame, so it is smaller here.
    NotWholeFrames {
        /// The claim.
        claim: BootClaim,
    },
    /// The claim touches a frame that a claim before it or of a less restrictive kind has too.
    SharesFrames {
        /// The claim that holds: it is at least as restrictive.
        claim: BootClaim,
        /// The kind of the other one.
        with: BootMemoryKind,
    },
    /// The claim could not be entered and its frames are left out.
    Refused {
        /// The claim.
        claim: BootClaim,
    },
}

impl BootMap {
    /// Checks the boot loader's entries, in any order. They are read several times instead of being copied and sorted.
    #[must_use]
    pub fn from_claims(claims: impl Iterator<Item = BootClaim> + Clone) -> Self {
        let mut map = Self {
            frames: Tiling::new(),
            notes: claims.clone().filter_map(own_oddity).collect(),
        };
        for kind in BootMemoryKind::ALL {
            let of_this_kind = claims.clone().filter(|claim| claim.kind == kind);
            for claim in of_this_kind.clone() {
                map.take_from_less_restrictive(claim);
            }
            for claim in of_this_kind {
                map.enter(claim);
            }
        }
        map
    }

    /// What was odd, and has been dealt with.
    #[must_use]
    pub fn notes(&self) -> &[BootMapNote] {
        &self.notes
    }

    /// The ranges in ascending order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (PhysRange, BootMemoryKind)> + '_ {
        let ranges = self.frames.iter();
        ranges.filter_map(|(frames, kind)| Some((PhysRange::from_pages(frames)?, kind)))
    }

    /// How many bytes are of this kind.
    #[must_use]
    pub fn bytes_of(&self, kind: BootMemoryKind) -> u64 {
        let of_this_kind = self.iter().filter(|(_, other)| *other == kind);
        of_this_kind.map(|(range, _)| range.size_bytes()).sum()
    }

    /// Takes every frame that the claim touches from the kinds before its own.
    fn take_from_less_restrictive(&mut self, claim: BootClaim) {
        let Some(touched) = claim.touched() else { return };
        self.note_shared_frames(touched, claim);
        self.frames.clear(touched);
    }

    /// Enters the frames that the claim holds. Only claims of the same kind can be there by now.
    fn enter(&mut self, claim: BootClaim) {
        let Some(held) = claim.held() else { return };
        self.note_shared_frames(held, claim);
        self.frames.clear(held);
        if self.frames.add(held, claim.kind).is_err() {
            self.notes.push(BootMapNote::Refused { claim });
        }
    }

    /// Notes the first of the ranges that the claim meets.
    fn note_shared_frames(&mut self, frames: Pages, claim: BootClaim) {
        let other = self.frames.overlapping(frames).next();
        if let Some((_, with)) = other {
            self.notes.push(BootMapNote::SharesFrames { claim, with });
        }
    }
}

/// What is odd about a claim by itself.
fn own_oddity(claim: BootClaim) -> Option<BootMapNote> {
    if claim.length_bytes == 0 {
        return Some(BootMapNote::Empty { claim });
    }
    if claim.is_beyond_address_space() {
        return Some(BootMapNote::BeyondAddressSpace { claim });
    }
    let held_bytes = claim.held().map_or(0, Pages::size_bytes);
    (held_bytes < claim.length_bytes).then_some(BootMapNote::NotWholeFrames { claim })
}
