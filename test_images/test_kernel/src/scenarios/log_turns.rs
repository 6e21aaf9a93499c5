//! Turns at the log: nobody waits for ever, and nobody makes another processor's interrupts wait.

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

/// Lines that each processor logs while all do.
const LINES: u32 = 200;

/// Polls after which another processor that was about to log waits for its turn.
const POLLS: u32 = 100_000;

/// How many processors are ready, how many have logged all their lines, and how many lines there are.
static READY: AtomicU32 = AtomicU32::new(0);
static FINISHED: AtomicU32 = AtomicU32::new(0);
static WRITTEN: AtomicU32 = AtomicU32::new(0);

/// Set when the program has ended, when processor 1 is about to log, and when processor 0 has the log.
static HAS_ENDED: AtomicBool = AtomicBool::new(false);
static IS_READY: AtomicBool = AtomicBool::new(false);
static IS_HELD: AtomicBool = AtomicBool::new(false);

/// The most lines that others wrote while one processor waited to write one.
static LONGEST_WAIT: AtomicU32 = AtomicU32::new(0);

/// All processors log without a pause, and count the lines of others that come before each of their own. The last one tells
/// the most.
pub(super) fn log_in_turn() {
    READY.fetch_add(1, Ordering::Relaxed);
    while READY.load(Ordering::Relaxed) < cpus_count() {
        hint::spin_loop();
    }
    for line in 0..LINES {
        let before = WRITTEN.load(Ordering::SeqCst);
        log::info!("line {line}");
        let others = WRITTEN.fetch_add(1, Ordering::SeqCst) - before;
        // Not while some have finished: those that are left wait less.
        LONGEST_WAIT.fetch_max(others, Ordering::SeqCst);
    }
    if FINISHED.fetch_add(1, Ordering::AcqRel) + 1 == cpus_count() {
        log::info!("The longest wait was {} lines", LONGEST_WAIT.load(Ordering::SeqCst));
        exit_qemu(ExitCode::Success);
    }
}

/// A program logs long lines on processor 0, while processor 1 calls processor 0 again and again: each call is an interrupt
/// there. The number of calls is told.
pub(super) fn call_while_a_program_logs() {
    match current_cpu_id() {
        0 => {
            run(&image(HOSTILE_PROGRAM_PATH), "control_characters");
            HAS_ENDED.store(true, Ordering::SeqCst);
            // The other processor ends QEMU.
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

/// Processor 1 waits for the log with interrupts off, and panics there.
pub(super) fn panic_while_waiting() {
    wait_for_the_log(|| {
        remote_call::call(1, "panic", &|| {
            panic!("deliberate, while the processor waits for the log")
        });
    });
}

/// Processor 1 waits for the log with interrupts off, and processor 0, which has it, panics: it stops the one that waits by
/// an NMI.
pub(super) fn panic_while_another_waits() {
    wait_for_the_log(|| panic!("deliberate, while another processor waits for the log"));
}

/// Has processor 1 wait for the log with interrupts off, and meanwhile runs `panic` on processor 0, which has it.
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

/// A processor that has the log is interrupted by one that logs: the line of the handler comes after the one that it
/// interrupted, and both are whole.
pub(super) fn interrupt_a_line() {
    logger::with_screen(|_screen| {
        log::info!("The late line");
    });
    log::info!("{:.<600}{}", "", InterruptsWhenShown);
    log::info!("End of the interrupted lines");
}

/// Logs from the handler of an interrupt that comes while it is shown.
struct InterruptsWhenShown;

impl core::fmt::Display for InterruptsWhenShown {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        // SAFETY: Nobody handles the vector, and that is logged.
        unsafe { core::arch::asm!("int 0x41") };
        formatter.write_str("end of the long line")
    }
}
