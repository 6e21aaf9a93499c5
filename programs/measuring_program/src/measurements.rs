//! The measurements.

use core::arch::{asm, x86_64::_rdtsc};
use program_runtime::{LogLevel, log, map};
use syscall_abi::SyscallNumber;

/// Number of runs of a measurement.
const ROUNDS: u64 = 1000;

/// Page size in bytes.
const PAGE_BYTES: usize = 4096;

const MESSAGE: &str = "Sixteen bytes !!";

const _: () = assert!(MESSAGE.len() == 16, "the message has 16 bytes");

/// Exit code for an unknown measurement.
const UNKNOWN: u64 = u64::MAX;

/// Runs the measurement that the arguments name.
pub(crate) fn main(arguments: &str) -> u64 {
    match arguments {
        "syscall" => measure(call),
        "log" => measure(|| {
            // A failure shows as a missing line in the log.
            let _logged = log(LogLevel::Info, MESSAGE);
        }),
        "first_touch" => measure_first_touch(),
        _ => UNKNOWN,
    }
}

/// Reads the time stamp counter.
fn now() -> u64 {
    // SAFETY: Every x86_64 processor has the instruction, and the kernel allows it.
    unsafe { _rdtsc() }
}

/// Returns the mean cost of `work`, after one warm-up run. The cost of the empty loop is subtracted.
fn measure(mut work: impl FnMut()) -> u64 {
    work();
    let empty = ticks_of(|| {});
    (ticks_of(work).saturating_sub(empty) + ROUNDS / 2) / ROUNDS
}

/// Returns the ticks of [`ROUNDS`] runs.
fn ticks_of(mut work: impl FnMut()) -> u64 {
    let start = now();
    for _ in 0..ROUNDS {
        work();
        // Keeps the compiler from removing an empty loop.
        // SAFETY: The assembly is empty.
        unsafe { asm!("", options(nomem, nostack, preserves_flags)) };
    }
    now() - start
}

/// Makes a system call without effect.
fn call() {
    // SAFETY: The call has no effect.
    unsafe {
        asm!(
            "syscall",
            inout("rax") u64::from(SyscallNumber::YieldNow) => _,
            out("rcx") _,
            out("r11") _,
            options(nostack)
        );
    }
}

/// Measures the first access to a mapped page.
fn measure_first_touch() -> u64 {
    // One page more, for the warm-up run.
    let size_bytes = (usize::try_from(ROUNDS).unwrap_or(usize::MAX) + 1) * PAGE_BYTES;
    let Ok(start) = map(size_bytes) else { return UNKNOWN };
    let mut page = start;
    measure(|| {
        // SAFETY: The page is mapped, and no other reference to it exists.
        unsafe { page.write_volatile(1) };
        page = page.wrapping_add(PAGE_BYTES);
    })
}
