//! Detecting and enabling the paging features of a processor.

use ez_paging::PagingFeatures;
use raw_cpuid::CpuId;
use x86_64::registers::{
    control::{Cr4, Cr4Flags},
    model_specific::Msr,
};

/// IA32_PAT (Intel SDM vol. 3, section 13.12.2).
const PAT_MSR: u32 = 0x277;

pub fn log(features: &PagingFeatures) {
    let word = |is_there| if is_there { "on" } else { "absent" };
    log::info!(
        "Paging: pages of up to {}, write-combining {}, global pages {}",
        features.max_page_size,
        word(features.pat.msr_value().is_some()),
        word(features.global_pages)
    );
}

/// Enables the PAT entries and global pages that the kernel's page tables use, and returns what the processor has.
/// [`super::protections`] enables NX.
pub fn set_up() -> PagingFeatures {
    let features = PagingFeatures::new(&CpuId::new());
    if let Some(entries) = features.pat.msr_value() {
        // SAFETY: CPUID reports a PAT. The entries that the boot loader's page tables use keep their memory types.
        unsafe { Msr::new(PAT_MSR).write(entries) };
    }
    if features.global_pages {
        // SAFETY: CPUID reports the bit. No page is global before the kernel's own page tables are in use.
        unsafe { Cr4::update(|flags| flags.insert(Cr4Flags::PAGE_GLOBAL)) };
    }
    features
}
