//! The higher-half direct map: physical memory as it appears in the upper half, all of it moved by one offset.

use spin::Once;
use x86_64::{PhysAddr, VirtAddr, structures::paging::PageSize, structures::paging::Size4KiB};

/// Where the upper half of the address space begins, with four-level paging.
pub const HIGHER_HALF_START: u64 = 0xffff_8000_0000_0000;

/// Set by the BSP as soon as the boot loader's answers are checked. The kernel's own page tables keep it.
static HHDM_OFFSET: Once<HhdmOffset> = Once::new();

/// What the boot loader adds to a physical address to map it. Page-aligned and in the upper half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HhdmOffset(VirtAddr);

/// Physical addresses of RAM as they appear in the direct map.
pub trait OffsetMappedPhysAddr {
    /// The address in the direct map.
    fn offset_mapped(self) -> VirtAddr;
}

impl OffsetMappedPhysAddr for PhysAddr {
    fn offset_mapped(self) -> VirtAddr {
        let offset = HHDM_OFFSET.get().map_or(0, |offset| offset.0.as_u64());
        VirtAddr::new_truncate(offset.wrapping_add(self.as_u64()))
    }
}

impl HhdmOffset {
    /// Checks the offset that the boot loader gave. `None` if it is none that a direct map can have.
    pub fn check(offset: u64) -> Option<Self> {
        let address = VirtAddr::try_new(offset).ok()?;
        (offset >= HIGHER_HALF_START && address.is_aligned(Size4KiB::SIZE)).then_some(Self(address))
    }

    /// Makes it the offset that [`OffsetMappedPhysAddr`] adds.
    pub fn install(self) {
        HHDM_OFFSET.call_once(|| self);
    }

    /// The address at which the map begins.
    pub fn start(self) -> VirtAddr {
        self.0
    }

    /// The physical address behind what the boot loader handed over either as a physical address or as one in the
    /// map, which depends on the base revision. `None` if it can be neither.
    pub fn physical(self, address: u64) -> Option<PhysAddr> {
        PhysAddr::try_new(address.checked_sub(self.0.as_u64()).unwrap_or(address)).ok()
    }
}
