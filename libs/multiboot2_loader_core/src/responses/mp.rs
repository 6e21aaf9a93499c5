//! The processors (`struct limine_mp_response` and `struct limine_mp_info` of x86-64).
//!
//! The info structs must exist before the processors are started, since each processor waits at its own. So [`MpInfos::put`] comes first,
//! and the response lists those whose processors started.

use acpi_check::Processor;

use crate::address::VirtAddr;
use crate::pool::{Pool, PoolFull};

/// Size of an info struct: processor id and local APIC id (4 bytes each), a reserved word, at 16 the address to go to,
/// at 24 a word for the kernel's use.
pub const MP_INFO_BYTES: u64 = 32;

/// The info structs, contiguous.
#[derive(Clone, Copy, Debug)]
pub struct MpInfos {
    /// Address of the first.
    pub first: VirtAddr,
    /// Their number.
    pub count: usize,
}

/// Content of the response.
#[derive(Clone, Copy, Debug)]
pub struct MpAnswer<'a> {
    /// Whether the local APICs are in x2APIC mode.
    pub x2apic: bool,
    /// Local APIC id of the BSP.
    pub bsp_local_apic_id: u32,
    /// Info structs of all running processors, including the BSP.
    pub infos: &'a [VirtAddr],
}

impl MpInfos {
    /// Allocates an info struct for every processor.
    ///
    /// # Errors
    /// The pool is too small.
    pub fn put(pool: &mut Pool<'_>, processors: &[Processor]) -> Result<Self, PoolFull> {
        let (first, bytes) = pool.reserve(processors.len().saturating_mul(32))?;
        for (info, processor) in bytes.as_chunks_mut::<32>().0.iter_mut().zip(processors) {
            let ids = u64::from(processor.processor_id) | u64::from(processor.local_apic_id) << 32;
            if let Some(target) = info.first_chunk_mut() {
                *target = ids.to_le_bytes();
            }
        }
        Ok(Self {
            first,
            count: processors.len(),
        })
    }

    /// Returns the address of the struct of the processor with this index.
    #[must_use]
    pub const fn address_of(&self, index: usize) -> VirtAddr {
        VirtAddr::new(self.first.as_u64() + index as u64 * MP_INFO_BYTES)
    }
}

/// Writes the response.
pub(super) fn response_for(pool: &mut Pool<'_>, answer: &MpAnswer<'_>) -> Result<VirtAddr, PoolFull> {
    let list = pool.put_words(answer.infos.iter().map(|info| info.as_u64()))?;
    let flags_and_bsp = u64::from(answer.x2apic) | u64::from(answer.bsp_local_apic_id) << 32;
    super::response(pool, [flags_and_bsp, answer.infos.len() as u64, list.as_u64()])
}
