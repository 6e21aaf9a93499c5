//! Memory type range registers (MTRRs): every processor must have the same (Intel SDM volume 3, section "MTRR
//! Considerations in MP Systems"). Firmware does this for the processors that it started; the loader copies those of the BSP to the
//! APs in case it did not.

use core::arch::asm;

use arrayvec::ArrayVec;
use x86_64::registers::control::{Cr0, Cr0Flags, Cr3};

use super::features::Features;
use super::model_specific::{self, MTRR_CAPABILITIES, MTRR_DEFAULT_TYPE};

/// The registers for fixed ranges below 1 MiB.
const FIXED: [u32; 11] = [
    0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f,
];
/// First register for a variable range: base and mask alternate.
const FIRST_VARIABLE: u32 = 0x200;
/// Maximum number of variable ranges. Processors have 8 to 10.
const VARIABLE_LIMIT: u32 = 32;
/// Capability: there are registers for fixed ranges.
const HAS_FIXED: u64 = 1 << 8;
/// Default type register: both kinds of ranges enabled.
const ENABLED: u64 = 1 << 11;

/// All MTRRs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MemoryTypes {
    /// The register with the default type and the switches.
    default_type: u64,
    /// The ranges.
    ranges: ArrayVec<(u32, u64), { FIXED.len() + 2 * VARIABLE_LIMIT as usize }>,
}

impl MemoryTypes {
    /// Reads the MTRRs of this processor, if it has any.
    pub(crate) fn read(features: &Features) -> Option<Self> {
        if !features.has_memory_type_ranges {
            return None;
        }
        // SAFETY: CPUID reports MTRRs, and every such processor has these two.
        let capabilities = unsafe { model_specific::read(MTRR_CAPABILITIES) };
        // SAFETY: As above.
        let default_type = unsafe { model_specific::read(MTRR_DEFAULT_TYPE) };
        let fixed = FIXED.into_iter().filter(|_| capabilities & HAS_FIXED != 0);
        let variable_count = u32::try_from(capabilities & 0xff).map_or(0, |count| count.min(VARIABLE_LIMIT));
        let variable = FIRST_VARIABLE..FIRST_VARIABLE + 2 * variable_count;
        let ranges = fixed
            .chain(variable)
            // SAFETY: The capabilities report these registers.
            .map(|number| (number, unsafe { model_specific::read(number) }))
            .collect();
        Some(Self { default_type, ranges })
    }

    /// Sets the MTRRs of this processor to these, which come from another processor of the same machine.
    pub(crate) fn install(&self, features: &Features) {
        if Self::read(features).as_ref() == Some(self) {
            return;
        }
        let control = Cr0::read();
        set_control((control | Cr0Flags::CACHE_DISABLE) - Cr0Flags::NOT_WRITE_THROUGH);
        flush();
        // SAFETY: The caches are disabled and empty, so no line keeps an old type.
        unsafe { model_specific::write(MTRR_DEFAULT_TYPE, self.default_type & !ENABLED) };
        for &(number, value) in &self.ranges {
            // SAFETY: The ranges are disabled, and the BSP of this machine has the same registers and values.
            unsafe { model_specific::write(number, value) };
        }
        // SAFETY: As above, now with the ranges enabled as on the BSP.
        unsafe { model_specific::write(MTRR_DEFAULT_TYPE, self.default_type) };
        flush();
        set_control(control);
    }
}

/// Sets CR0.
fn set_control(flags: Cr0Flags) {
    // SAFETY: Only the cache bits change.
    unsafe { Cr0::write(flags) };
}

/// Writes back and invalidates all caches, and flushes the TLB.
fn flush() {
    // SAFETY: The instruction only empties the caches.
    unsafe { asm!("wbinvd", options(nostack, preserves_flags)) };
    let (tables, flags) = Cr3::read();
    // SAFETY: The page tables are the same.
    unsafe { Cr3::write(tables, flags) };
}
