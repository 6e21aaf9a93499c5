//! What of paging this processor has, and switching it on.

use ez_paging::PagingFeatures;
use raw_cpuid::CpuId;
use x86_64::registers::{
    control::{Cr4, Cr4Flags},
    model_specific::Msr,
};

/// IA32_PAT (Intel SDM vol. 3, section 13.12.2).
const PAT_MSR: u32 = 0x277;

/// Says what of it the processor has.
pub fn log(features: &PagingFeatures) {
    let word = |is_there| if is_there { "on" } else { "absent" };
    log::info!(
        "Paging: pages of up to {}, write-combining {}, global pages {}",
        features.max_page_size,
        word(features.pat.msr_value().is_some()),
        word(features.global_pages)
    );
}

/// Sets the processor up for page tables that use these features: the places of the PAT, and global pages. NX is one of
/// [`super::protections`].
pub fn set_up() -> PagingFeatures {
    let features = PagingFeatures::new(&CpuId::new());
    if let Some(places) = features.pat.msr_value() {
        // SAFETY: CPUID says that there is a PAT. The types that the boot loader's tables choose keep their places.
        unsafe { Msr::new(PAT_MSR).write(places) };
    }
    if features.global_pages {
        // SAFETY: CPUID says that the bit exists. No page is global before the kernel's own tables are in use.
        unsafe { Cr4::update(|flags| flags.insert(Cr4Flags::PAGE_GLOBAL)) };
    }
    features
}
