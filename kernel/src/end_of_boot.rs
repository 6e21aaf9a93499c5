//! The last line of the boot: what the machine is, and how long the boot took; or which processors are missing.

use crate::{
    boot::boot_info::BootInfo,
    cpu::application_processors,
    memory::physical_memory,
    output::logger,
    platform::{
        clock::{Instant, since_kernel_entry},
        timer,
    },
    sync::this_cpu,
};
use core::{fmt, time::Duration};
use memory_ranges::MemoryType;

/// How long the BSP waits for the other processors before it names those that are missing, and how long for each.
const MISSING_AFTER: Duration = Duration::from_secs(5);
/// See [`MISSING_AFTER`].
const MISSING_AFTER_PER_CPU: Duration = Duration::from_millis(200);
/// Time between two looks for missing processors.
const MISSING_POLL_INTERVAL: Duration = Duration::from_millis(100);

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
    // For the sums it does not matter who uses the single frames.
    let (total, free) = memory.statistics([]).fold((0, 0), |(total, free), (owner, bytes)| {
        let free_bytes = if owner == MemoryType::Usable { bytes } else { 0 };
        (total + bytes, free + free_bytes)
    });
    Some([total - free, free])
}

/// Waits a bounded time until all processors have finished their boot, and names those that have not. On the BSP.
pub(crate) fn wait_for_processors() {
    let start = Instant::now();
    let limit = MISSING_AFTER + MISSING_AFTER_PER_CPU * this_cpu::cpus_count();
    while !application_processors::are_all_up() {
        if start.elapsed() >= limit {
            log::warn!(
                "Processors not up after {} s, {}. On a busy host they may follow",
                limit.as_secs(),
                application_processors::Missing
            );
            return;
        }
        logger::draw();
        timer::sleep(MISSING_POLL_INTERVAL);
    }
}
