//! What is measured.

use core::arch::{asm, x86_64::_rdtsc};
use program_runtime::{LogLevel, log, map};
use syscall_abi::SyscallNumber;

/// Runs of each.
const ROUNDS: u64 = 1000;

/// Bytes from one page to the next.
const PAGE_BYTES: usize = 4096;

/// A message of 16 bytes.
const MESSAGE: &str = "Sixteen bytes !!";

const _: () = assert!(MESSAGE.len() == 16, "the message has 16 bytes");

/// The exit code where there is nothing to measure.
const UNKNOWN: u64 = u64::MAX;

/// Measures what the arguments name.
pub(crate) fn main(arguments: &str) -> u64 {
    match arguments {
        "syscall" => measure(call),
        "log" => measure(|| {
            // A line that is not logged shows in the log, and in the value.
            let _logged = log(LogLevel::Info, MESSAGE);
        }),
        "first_touch" => measure_first_touch(),
        _ => UNKNOWN,
    }
}

/// The counter now.
fn now() -> u64 {
    // SAFETY: Every x86_64 processor has the instruction, and the kernel does not forbid it.
    unsafe { _rdtsc() }
}

/// The mean of what `work` takes, behind one run that does not count. The loop itself does not count either.
fn measure(mut work: impl FnMut()) -> u64 {
    work();
    let empty = ticks_of(|| {});
    (ticks_of(work).saturating_sub(empty) + ROUNDS / 2) / ROUNDS
}

/// Ticks of all runs.
fn ticks_of(mut work: impl FnMut()) -> u64 {
    let start = now();
    for _ in 0..ROUNDS {
        work();
        // The compiler keeps a loop of nothing.
        // SAFETY: It is no instruction.
        unsafe { asm!("", options(nomem, nostack, preserves_flags)) };
    }
    now() - start
}

/// A call that does nothing.
fn call() {
    // SAFETY: The call does nothing.
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

/// The first touch of a page that was mapped.
fn measure_first_touch() -> u64 {
    // One more, for the run that does not count.
    let size_bytes = (usize::try_from(ROUNDS).unwrap_or(usize::MAX) + 1) * PAGE_BYTES;
    let Ok(start) = map(size_bytes) else { return UNKNOWN };
    let mut page = start;
    measure(|| {
        // SAFETY: The page is one of those that were mapped, and nobody else uses it.
        unsafe { page.write_volatile(1) };
        page = page.wrapping_add(PAGE_BYTES);
    })
}
