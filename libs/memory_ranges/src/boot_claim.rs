//! One unchecked entry of the boot loader's memory map. It may be empty, overflow, be unaligned or overlap another entry.

use crate::{
    address_range::LAST_FRAME,
    memory_type::{KernelMemoryUsageType, MemoryType},
    pages::{PAGE_BYTES, Pages},
};

/// The type of a range in the boot loader's map, the least restrictive first. Where two entries overlap, the more
/// restrictive type wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BootMemoryKind {
    /// Free.
    Usable,
    /// Free as soon as nothing of the boot loader is in use.
    BootLoaderReclaimable,
    /// The kernel and its modules.
    ExecutableAndModules,
    /// ACPI tables. The kernel never reuses them, so that it can read them at any time.
    AcpiReclaimable,
    /// Firmware memory that must survive sleep.
    AcpiNonVolatile,
    /// Firmware memory that the boot loader maps nevertheless.
    ReservedMapped,
    /// The screen's pixels.
    FrameBuffer,
    /// Not available to the kernel.
    Reserved,
    /// Defective memory.
    BadMemory,
}

impl BootMemoryKind {
    /// All kinds, the least restrictive first.
    pub const ALL: [Self; 9] = [
        Self::Usable,
        Self::BootLoaderReclaimable,
        Self::ExecutableAndModules,
        Self::AcpiReclaimable,
        Self::AcpiNonVolatile,
        Self::ReservedMapped,
        Self::FrameBuffer,
        Self::Reserved,
        Self::BadMemory,
    ];

    /// The first owner of memory of this kind; `None` if the kernel must never allocate it.
    #[must_use]
    pub const fn owner(self) -> Option<MemoryType> {
        match self {
            Self::Usable => Some(MemoryType::Usable),
            Self::BootLoaderReclaimable => Some(MemoryType::UsedByLimine),
            Self::ExecutableAndModules => Some(MemoryType::UsedByKernel(KernelMemoryUsageType::KernelImage)),
            _ => None,
        }
    }
}

/// One unchecked entry of the boot loader's memory map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BootClaim {
    /// The first address.
    pub base: u64,
    /// The size in bytes.
    pub length_bytes: u64,
    /// The type of the memory.
    pub kind: BootMemoryKind,
}

impl BootClaim {
    /// All frames that the entry touches, up to the end of the physical address space.
    pub(crate) fn touched(self) -> Option<Pages> {
        let last_byte = self.base.saturating_add(self.length_bytes.checked_sub(1)?);
        Pages::new(self.base / PAGE_BYTES, (last_byte / PAGE_BYTES).min(LAST_FRAME))
    }

    /// The frames that are of this kind. Memory that the kernel may allocate shrinks to whole frames, and is ignored if it
    /// ends beyond the address space. Any other kind covers every frame that it touches.
    pub(crate) fn held(self) -> Option<Pages> {
        if self.kind.owner().is_none() {
            return self.touched();
        }
        if self.is_beyond_address_space() {
            return None;
        }
        let first = self.base.div_ceil(PAGE_BYTES);
        let end = self.base.checked_add(self.length_bytes)? / PAGE_BYTES;
        Pages::new(first, end.checked_sub(1)?)
    }

    pub(crate) fn is_beyond_address_space(self) -> bool {
        let end = self.base.checked_add(self.length_bytes);
        end.is_none_or(|end| end > (LAST_FRAME + 1) * PAGE_BYTES)
    }
}
