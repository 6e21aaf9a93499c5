//! One entry of the boot loader's memory map: an allegation of the firmware, which may be empty, wrap around, lie askew
//! or overlap another.

use crate::{
    memory_type::{KernelMemoryUsageType, MemoryType},
    pages::{PAGE_BYTES, Pages, align_up},
    phys_range::LAST_FRAME,
};

/// What the boot loader says of a range. The later in this list, the more restrictive: where two claims meet, the later
/// one holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BootMemoryKind {
    /// Free.
    Usable,
    /// Free as soon as nothing of the boot loader is needed.
    BootLoaderReclaimable,
    /// The kernel and its modules.
    ExecutableAndModules,
    /// ACPI tables; left alone, so that they can be read at any time.
    AcpiReclaimable,
    /// The firmware's, kept over sleep.
    AcpiNonVolatile,
    /// The firmware's, which the boot loader maps all the same.
    ReservedMapped,
    /// Where the screen's pixels are.
    FrameBuffer,
    /// Not for us.
    Reserved,
    /// Broken.
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

    /// To whom memory of this kind belongs at first; `None` if the kernel never has it to give.
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

/// One entry of the boot loader's memory map, unchecked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BootClaim {
    /// The first address.
    pub base: u64,
    /// How many bytes.
    pub length_bytes: u64,
    /// What is there.
    pub kind: BootMemoryKind,
}

impl BootClaim {
    /// All frames that the claim touches, up to the end of the physical address space: no less restrictive claim holds
    /// them.
    pub(crate) fn touched(self) -> Option<Pages> {
        let last_byte = self.base.saturating_add(self.length_bytes.checked_sub(1)?);
        Pages::new(self.base / PAGE_BYTES, (last_byte / PAGE_BYTES).min(LAST_FRAME))
    }

    /// The frames that are of this kind. Memory that the kernel may give out is shrunk to whole frames, and not
    /// believed at all when it ends beyond the address space; anything else is as large as what it touches.
    pub(crate) fn held(self) -> Option<Pages> {
        if self.kind.owner().is_none() {
            return self.touched();
        }
        if self.is_beyond_address_space() {
            return None;
        }
        let first = align_up(self.base, PAGE_BYTES)? / PAGE_BYTES;
        let end = self.base.checked_add(self.length_bytes)? / PAGE_BYTES;
        Pages::new(first, end.checked_sub(1)?)
    }

    /// Whether the claim ends where no memory can be.
    pub(crate) fn is_beyond_address_space(self) -> bool {
        let end = self.base.checked_add(self.length_bytes);
        end.is_none_or(|end| end > (LAST_FRAME + 1) * PAGE_BYTES)
    }
}
