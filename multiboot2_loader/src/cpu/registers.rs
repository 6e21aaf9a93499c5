//! The values of the system registers that the protocol requires. The loader itself runs with them too.
//!
//! Names and bits: Intel SDM volume 3, chapters "System Architecture Overview" and "Memory Cache Control".

/// CR0: protected mode, 80387 errors (fixed), write protection in ring 0 too, paging. Caches on.
pub(crate) const CONTROL_REGISTER_0: u32 = 0x8001_0011;

/// CR4: physical address extension only.
pub(crate) const CONTROL_REGISTER_4: u32 = 0x20;

/// EFER: long mode enabled (bit 8). The processor sets "active" (bit 10) by itself.
pub(crate) const EFER_LONG_MODE_ENABLE: u64 = 1 << 8;

/// EFER: NX enabled.
pub(crate) const EFER_NO_EXECUTE_ENABLE: u64 = 1 << 11;

/// The page attribute table, entry 0 in the lowest byte: write-back, write-through, uncached (MTRRs may override),
/// uncached, write-protected, write-combining, uncached, uncached. The first four are as after a reset.
pub(crate) const PAGE_ATTRIBUTE_TABLE: u64 = 0x0000_0105_0007_0406;
