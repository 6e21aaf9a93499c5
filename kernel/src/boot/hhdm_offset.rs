//! The higher-half direct map (HHDM): physical memory mapped in the upper half at one offset.

use spin::Once;
use x86_64::{PhysAddr, VirtAddr, structures::paging::PageSize, structures::paging::Size4KiB};

/// First address of the upper half, with four-level paging.
pub const HIGHER_HALF_START: u64 = 0xffff_8000_0000_0000;

/// Set by the BSP once the boot loader's responses are validated. The kernel's own page tables use the same offset.
static HHDM_OFFSET: Once<HhdmOffset> = Once::new();

/// Offset from a physical address to its address in the direct map. Page-aligned and in the upper half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HhdmOffset(VirtAddr);

/// Converts physical addresses of RAM to the direct map.
pub trait OffsetMappedPhysAddr {
    /// Returns the address in the direct map.
    fn offset_mapped(self) -> VirtAddr;
}

impl OffsetMappedPhysAddr for PhysAddr {
    fn offset_mapped(self) -> VirtAddr {
        let offset = HHDM_OFFSET.get().map_or(0, |offset| offset.0.as_u64());
        VirtAddr::new_truncate(offset.wrapping_add(self.as_u64()))
    }
}

impl HhdmOffset {
    /// Validates the boot loader's offset. `None` if it is not page-aligned in the upper half.
    pub fn check(offset: u64) -> Option<Self> {
        let address = VirtAddr::try_new(offset).ok()?;
        (offset >= HIGHER_HALF_START && address.is_aligned(Size4KiB::SIZE)).then_some(Self(address))
    }

    /// Sets the offset that [`OffsetMappedPhysAddr`] adds.
    pub fn install(self) {
        HHDM_OFFSET.call_once(|| self);
    }

    /// Start of the direct map.
    pub fn start(self) -> VirtAddr {
        self.0
    }

    /// Converts an address from the boot loader, which is physical or in the direct map, depending on the base revision. `None`
    /// if it is neither.
    pub fn physical(self, address: u64) -> Option<PhysAddr> {
        PhysAddr::try_new(address.checked_sub(self.0.as_u64()).unwrap_or(address)).ok()
    }
}
