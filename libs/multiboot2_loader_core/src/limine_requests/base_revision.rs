//! The version of the protocol.
//!
//! The kernel's tag is three words: two of magic, then the requested revision. The loader writes the revision that it
//! uses into the second, and 0 into the third if that is the requested one.

use super::put_word;
use crate::address::{PhysAddr, VirtAddr};
use crate::bytes::u64_at;

/// First word of the tag.
pub(crate) const MAGIC_0: u64 = 0xf956_2b2d_5c95_a6c8;
/// Second word of the tag, before the loader writes there.
const MAGIC_1: u64 = 0x6a7b_3849_4453_6bdc;

/// Lowest revision that the loader supports.
const LOWEST: u64 = 3;
/// Highest revision that the loader supports.
const HIGHEST: u64 = 6;

/// The kernel's tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BaseRevisionTag {
    /// Its offset in the image.
    pub(crate) offset: usize,
    /// The requested revision.
    pub(crate) wanted: u64,
}

/// A revision that the loader supports: 3 to 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BaseRevision(u64);

impl BaseRevisionTag {
    /// Reads the tag at `offset`, if it is complete.
    pub(crate) fn read(image: &[u8], offset: usize) -> Option<Self> {
        if u64_at(image, offset)? != MAGIC_0 || u64_at(image, offset + 8)? != MAGIC_1 {
            return None;
        }
        Some(Self {
            offset,
            wanted: u64_at(image, offset + 16)?,
        })
    }

    /// Writes the used revision into the tag.
    pub(crate) fn answer(self, revision: BaseRevision, image: &mut [u8]) {
        put_word(image, self.offset + 8, revision.0);
        if revision.0 == self.wanted {
            put_word(image, self.offset + 16, 0);
        }
    }
}

impl BaseRevision {
    /// Returns the revision for a kernel that requests `wanted`; `None` if that is too old.
    #[must_use]
    pub fn grant(wanted: u64) -> Option<Self> {
        (wanted >= LOWEST).then_some(Self(wanted.min(HIGHEST)))
    }

    /// The number.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// Returns the address of the ACPI root pointer in the form of the revision: physical at 3, in the direct map from 4 on.
    #[must_use]
    pub const fn rsdp_address(self, address: PhysAddr) -> VirtAddr {
        if self.0 >= 4 {
            address.hhdm_alias()
        } else {
            VirtAddr::new(address.as_u64())
        }
    }

    /// Returns the address of SMBIOS or the EFI system table in the form of the revision: physical at 3 and 4, in the direct map from 5 on.
    #[must_use]
    pub const fn firmware_address(self, address: PhysAddr) -> VirtAddr {
        if self.0 >= 5 {
            address.hhdm_alias()
        } else {
            VirtAddr::new(address.as_u64())
        }
    }
}
