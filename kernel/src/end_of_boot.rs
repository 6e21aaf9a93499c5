//! The last line of the boot: its duration, the memory in use, and the boot loader; or a warning that names missing processors.

use crate::{
    boot::boot_info::BootInfo,
    cpu::application_processors,
    memory::{frame_allocator, physical_memory},
    output::logger,
    platform::{
        clock::{Instant, since_kernel_entry},
        timer,
    },
    sync::this_cpu,
};
use core::{fmt, time::Duration};
use memory_ranges::{KernelMemoryUsageType, MemoryType, PAGE_BYTES};

/// The BSP waits this long for all processors, plus [`MISSING_AFTER_PER_CPU`] for each, before it reports the missing ones.
const MISSING_AFTER: Duration = Duration::from_secs(5);
const MISSING_AFTER_PER_CPU: Duration = Duration::from_millis(200);
const MISSING_POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Displays the end of the boot's last line: time since the kernel's entry, memory in use, boot loader and firmware.
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

/// Returns the numbers of used and of free bytes. `None` if this processor already holds the map's lock.
///
/// Free frames in the processors' caches count as free. Other processors may allocate meanwhile, so the numbers may be off by
/// some frames.
fn used_and_free_bytes() -> Option<[u64; 2]> {
    let memory = physical_memory::lock()?;
    let frames_in_use = u64::try_from(frame_allocator::frames_in_use()).unwrap_or(0);
    let (total, free) = memory.statistics([]).fold((0, 0), |(total, free), (owner, bytes)| {
        let free_bytes = match owner {
            MemoryType::Usable => bytes,
            // Without counts, the statistics report cached and allocated frames as one sum.
            MemoryType::UsedByKernel(KernelMemoryUsageType::SingleFrames) => {
                bytes.saturating_sub(frames_in_use * PAGE_BYTES)
            }
            _ => 0,
        };
        (total + bytes, free + free_bytes)
    });
    Some([total - free, free])
}

/// Waits a bounded time until all processors have finished their boot, then warns of the missing ones. On the BSP.
pub(crate) fn wait_for_processors() {
    let start = Instant::now();
    let limit = MISSING_AFTER + MISSING_AFTER_PER_CPU * this_cpu::cpus_count();
    while !application_processors::are_all_up() {
        if start.elapsed() >= limit {
            log::warn!(
                "Processors not up after {} s, {}. The kernel runs without them; on a busy host they may start later",
                limit.as_secs(),
                application_processors::Missing
            );
            return;
        }
        logger::draw();
        timer::sleep(MISSING_POLL_INTERVAL);
    }
}
