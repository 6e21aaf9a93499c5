//! The heap: the allocator talc on memory from the system call `map`.

use crate::syscalls;
use core::alloc::Layout;
use talc::{
    DefaultBinning,
    base::{Talc, binning::Binning},
    cell::TalcSyncCell,
    source::Source,
};

/// Minimum number of bytes to map at a time.
const LEAST_BYTES: usize = 256 * 1024;

/// Upper bound for the bytes that the allocator needs in addition to an allocation.
const OVERHEAD_BYTES: usize = 4096;

/// The global allocator.
#[global_allocator]
static HEAP: TalcSyncCell<KernelSource, DefaultBinning> = {
    let talc = talc::TalcCell::new(KernelSource);
    // SAFETY: A program has one thread, and nothing that allocates interrupts it.
    unsafe { TalcSyncCell::new(talc) }
};

/// Maps memory on demand.
#[derive(Debug)]
struct KernelSource;

// SAFETY: `acquire` allocates nothing.
unsafe impl Source for KernelSource {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        let needed = layout
            .size()
            .checked_add(layout.align())
            .and_then(|bytes| bytes.checked_add(OVERHEAD_BYTES));
        let size_bytes = needed.ok_or(())?.max(LEAST_BYTES);
        let start = syscalls::map(size_bytes).map_err(|_| ())?;
        // SAFETY: The memory has just been mapped, readable and writable, and has no other user.
        unsafe { talc.claim(start, size_bytes) }.map(|_end| ()).ok_or(())
    }
}
