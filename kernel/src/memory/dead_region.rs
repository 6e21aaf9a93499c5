//! The remains of an unmapped region of the kernel's address space, until a TLB shootdown.

use super::owned_ram::OwnedRam;
use memory_ranges::VirtRange;

/// Maximum number of dead regions that wait for a shootdown.
pub(super) const MAX_DEAD_REGIONS: usize = 32;

/// An unmapped region: no longer mapped, but possibly still in TLBs.
pub(super) struct DeadRegion {
    /// The addresses, guard pages included.
    pub(super) whole: VirtRange,
    /// Dropping it frees the memory.
    pub(super) _memory: Option<OwnedRam>,
}
