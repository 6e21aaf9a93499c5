//! A small machine for the tests of the map of physical memory.

use memory_ranges::{BootClaim, BootMap, BootMemoryKind, KernelMemoryUsageType, MemoryType, PhysRange, PhysicalRanges};
use x86_64::PhysAddr;

/// Number of frames of the machine.
pub(crate) const FRAMES: u64 = 48;

pub(crate) const STACK: MemoryType = MemoryType::UsedByKernel(KernelMemoryUsageType::Stack);
pub(crate) const TABLES: MemoryType = MemoryType::UsedByKernel(KernelMemoryUsageType::PageTables);

pub(crate) fn frames(first: u64, count: u64) -> PhysRange {
    PhysRange::new(PhysAddr::new(first * 4096), count * 4096).unwrap()
}

pub(crate) fn address(frame: u64) -> PhysAddr {
    PhysAddr::new(frame * 4096)
}

/// A machine with these frames, except page 0: first usable ones, then the boot loader's, a hole, and usable ones.
pub(crate) fn machine() -> PhysicalRanges {
    let claim = |first: u64, count: u64, kind| BootClaim {
        base: first * 4096,
        length_bytes: count * 4096,
        kind,
    };
    let claims = [
        claim(0, 20, BootMemoryKind::Usable),
        claim(20, 6, BootMemoryKind::BootLoaderReclaimable),
        claim(26, 2, BootMemoryKind::Reserved),
        claim(28, FRAMES - 28, BootMemoryKind::Usable),
    ];
    PhysicalRanges::from_boot_map(&BootMap::from_claims(claims.into_iter()))
}
