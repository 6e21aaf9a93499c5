//! The log's lock is fair, and a waiting processor still handles remote calls.

use super::programs::{HOSTILE_PROGRAM_PATH, image, run};
use core::{
    hint,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};
use kernel::{
    cpu::cpu_local_data::{cpus_count, current_cpu_id},
    output::{ExitCode, exit_qemu, logger},
    sync::{remote_call, with_interrupts_on},
};
use x86_64::instructions::interrupts;

/// Number of lines of each processor.
const LINES: u32 = 200;

/// Number of polls in which the other processor reaches the log's lock.
const POLLS: u32 = 100_000;

/// Number of processors that are ready, number that have logged all lines, and number of lines.
static READY: AtomicU32 = AtomicU32::new(0);
static FINISHED: AtomicU32 = AtomicU32::new(0);
static WRITTEN: AtomicU32 = AtomicU32::new(0);

/// Set when the program has ended, when processor 1 is about to log, and when processor 0 holds the log.
static HAS_ENDED: AtomicBool = AtomicBool::new(false);
static IS_READY: AtomicBool = AtomicBool::new(false);
static IS_HELD: AtomicBool = AtomicBool::new(false);

/// Largest number of other processors' lines before one line.
static LONGEST_WAIT: AtomicU32 = AtomicU32::new(0);

/// All processors log without a pause, and count the lines of others before each of their own. The last one logs the
/// maximum.
pub(super) fn log_in_turn() {
    READY.fetch_add(1, Ordering::Relaxed);
    while READY.load(Ordering::Relaxed) < cpus_count() {
        hint::spin_loop();
    }
    for line in 0..LINES {
        let before = WRITTEN.load(Ordering::SeqCst);
        log::info!("line {line}");
        let others = WRITTEN.fetch_add(1, Ordering::SeqCst) - before;
        // After a processor has finished, the waits of the others only get shorter.
        LONGEST_WAIT.fetch_max(others, Ordering::SeqCst);
    }
    if FINISHED.fetch_add(1, Ordering::AcqRel) + 1 == cpus_count() {
        log::info!("The longest wait was {} lines", LONGEST_WAIT.load(Ordering::SeqCst));
        exit_qemu(ExitCode::Success);
    }
}

/// Runs a program that logs long lines on processor 0, while processor 1 makes remote calls to processor 0. Logs the
/// number of calls.
pub(super) fn call_while_a_program_logs() {
    match current_cpu_id() {
        0 => {
            run(&image(HOSTILE_PROGRAM_PATH), "control_characters");
            HAS_ENDED.store(true, Ordering::SeqCst);
            // Processor 1 ends QEMU.
            loop {
                with_interrupts_on(hint::spin_loop);
            }
        }
        1 => {
            let mut calls = 0_u32;
            while !HAS_ENDED.load(Ordering::SeqCst) {
                remote_call::call(0, "do nothing", &|| {});
                calls += 1;
            }
            log::info!("{calls} calls while a program logged");
            exit_qemu(ExitCode::Success);
        }
        _ => {}
    }
}

/// Panics on processor 1 while it waits for the log with interrupts off.
pub(super) fn panic_while_waiting() {
    wait_for_the_log(|| {
        remote_call::call(1, "panic", &|| {
            panic!("deliberate, while the processor waits for the log")
        });
    });
}

/// Panics on processor 0 while it holds the log and processor 1 waits with interrupts off: only an NMI can stop
/// processor 1.
pub(super) fn panic_while_another_waits() {
    wait_for_the_log(|| panic!("deliberate, while another processor waits for the log"));
}

/// Runs `panic` on processor 0, which holds the log, while processor 1 waits for it with interrupts off.
fn wait_for_the_log(panic: fn()) {
    match current_cpu_id() {
        0 => {
            wait_until(&IS_READY);
            logger::with_screen(|_screen| {
                IS_HELD.store(true, Ordering::SeqCst);
                (0..POLLS).for_each(|_| hint::spin_loop());
                panic();
            });
        }
        1 => {
            IS_READY.store(true, Ordering::SeqCst);
            wait_until(&IS_HELD);
            interrupts::without_interrupts(|| log::info!("This line is never written"));
        }
        _ => {}
    }
}

/// Waits until a flag is set.
fn wait_until(flag: &AtomicBool) {
    while !flag.load(Ordering::SeqCst) {
        hint::spin_loop();
    }
}

/// Logs in an interrupt handler while this processor writes a line: the handler's line comes after that line, and both
/// are whole.
pub(super) fn interrupt_a_line() {
    logger::with_screen(|_screen| {
        log::info!("The late line");
    });
    log::info!("{:.<600}{}", "", InterruptsWhenShown);
    log::info!("End of the interrupted lines");
}

/// Logs in an interrupt handler of processor 1 while processor 0 writes a line that does not end before the handler has: the
/// handler must not wait for the log.
pub(super) fn interrupt_beside_a_line() {
    match current_cpu_id() {
        0 => {
            wait_until(&IS_READY);
            log::info!("{:.<600}{}", "", EndsAfterTheHandler);
            log::info!("End of the line beside an interrupt");
        }
        1 => {
            IS_READY.store(true, Ordering::SeqCst);
            wait_until(&IS_HELD);
            // SAFETY: The vector has no handler, so the kernel only logs the interrupt.
            unsafe { core::arch::asm!("int 0x41") };
            HAS_ENDED.store(true, Ordering::SeqCst);
        }
        _ => {}
    }
}

/// A value whose formatting ends only after the interrupt handler of the other processor.
struct EndsAfterTheHandler;

impl core::fmt::Display for EndsAfterTheHandler {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        IS_HELD.store(true, Ordering::SeqCst);
        wait_until(&HAS_ENDED);
        formatter.write_str("end of the long line")
    }
}

/// A value whose formatting raises an interrupt whose handler logs.
struct InterruptsWhenShown;

impl core::fmt::Display for InterruptsWhenShown {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        // SAFETY: The vector has no handler, so the kernel only logs the interrupt.
        unsafe { core::arch::asm!("int 0x41") };
        formatter.write_str("end of the long line")
    }
}
