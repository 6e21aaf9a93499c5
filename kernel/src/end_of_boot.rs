//! The last line of the boot: what the machine is, and how long the boot took.

use crate::{boot::boot_info::BootInfo, memory::physical_memory, platform::clock::since_kernel_entry};
use core::fmt;
use memory_ranges::MemoryType;

/// The end of a sentence: when, with how much memory, and by what the machine was booted.
pub(crate) struct EndOfBoot<'info>(pub(crate) &'info BootInfo);

impl fmt::Display for EndOfBoot<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = since_kernel_entry();
        write!(
            formatter,
            "{}.{:03} s after the kernel was entered",
            seconds.as_secs(),
            seconds.subsec_millis()
        )?;
        if let Some([used, free]) = used_and_free_bytes() {
            write!(
                formatter,
                ", with {} MiB of memory used and {} MiB free",
                used.div_ceil(1 << 20),
                free >> 20
            )?;
        }
        let [name, version] = self.0.boot_loader.map(Result::unwrap_or_default);
        write!(formatter, ", booted by {name} {version} on {}", self.0.firmware)
    }
}

/// Bytes of memory that are used, and that are free. `None` if this processor is using the map of memory.
fn used_and_free_bytes() -> Option<[u64; 2]> {
    let memory = physical_memory::lock()?;
    let (total, free) = memory.statistics().fold((0, 0), |(total, free), (owner, bytes)| {
        let free_bytes = if owner == MemoryType::Usable { bytes } else { 0 };
        (total + bytes, free + free_bytes)
    });
    Some([total - free, free])
}
