//! The last words: one report, whole, on serial port and screen.
//!
//! The first processor that panics reports; others that panic meanwhile halt in silence. A panic within the report (a
//! message whose `Display` panics) ends it with a line of its own. It works before the
//! log is set up, and finds itself a screen if there is none yet. Other processors go on running.

use super::{ExitCode, exit_qemu, logger, serial_port::SerialPort};
#[cfg(target_os = "none")]
use crate::cpu::registers::Registers;
use crate::{
    boot::{boot_info::BootInfoError, screen},
    cpu::hlt_loop::hlt_loop_with_interrupts_off,
};
use core::{
    fmt::{self, Write},
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};
use log::Level;

/// Stands in [`PANICKING_CPU`] for: no processor has panicked.
const NO_CPU: u32 = u32::MAX;

/// Set once, by the first processor that panics, to its id.
static PANICKING_CPU: AtomicU32 = AtomicU32::new(NO_CPU);

/// Set when the report itself panics.
static DID_PANIC_AGAIN: AtomicBool = AtomicBool::new(false);

/// Set by the command line or the test kernel: QEMU ends, with a failing code, instead of standing still.
static EXIT_AFTERWARDS: AtomicBool = AtomicBool::new(false);

/// Lets a panic end QEMU with [`ExitCode::Failure`].
pub fn exit_qemu_on_panic() {
    EXIT_AFTERWARDS.store(true, Ordering::Relaxed);
}

/// Where every panic of the kernel ends.
#[cfg(target_os = "none")]
#[panic_handler]
fn rust_panic(info: &core::panic::PanicInfo<'_>) -> ! {
    x86_64::instructions::interrupts::disable();
    let registers = Registers::read();
    let message = info.message();
    match info.location() {
        Some(place) => report(format_args!("panicked at {place}:\n{message}\n{registers}")),
        None => report(format_args!("panicked:\n{message}\n{registers}")),
    }
}

/// Ends the boot because the boot loader's answers are no ground to stand on.
pub fn refuse_to_boot(reason: &BootInfoError) -> ! {
    report(format_args!("cannot boot: {reason}"))
}

/// Writes the report, once, and stands still.
fn report(text: fmt::Arguments<'_>) -> ! {
    let cpu_id = logger::current_cpu_id();
    match PANICKING_CPU.compare_exchange(NO_CPU, cpu_id, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => write_report(text),
        Err(first) if first == cpu_id => {
            write_second_report();
        }
        Err(_other) => hlt_loop_with_interrupts_off(),
    }
    if EXIT_AFTERWARDS.load(Ordering::Relaxed) {
        exit_qemu(ExitCode::Failure);
    }
    hlt_loop_with_interrupts_off()
}

/// Writes the report to serial port and screen.
fn write_report(text: fmt::Arguments<'_>) {
    // SAFETY: Only the first panic gets here, and none returns.
    let outputs = unsafe { logger::take_outputs_for_panic() };
    if !outputs.display.has_screen()
        && let Ok(screen) = screen::take()
    {
        outputs.display.attach(screen);
    }
    outputs.write_line(Level::Error, text);
    outputs.display.draw();
}

/// Ends a report that panicked itself, with a line that needs no formatting of foreign values; if that panics too, with
/// a word on the serial port.
fn write_second_report() {
    if DID_PANIC_AGAIN.swap(true, Ordering::Relaxed) {
        let _infallible = SerialPort::com1().write_str("\r\npanicked for the third time\r\n");
        return;
    }
    // SAFETY: Only the second panic of the processor that panicked first gets here, and neither goes back.
    let outputs = unsafe { logger::take_outputs_for_panic() };
    outputs.write_line(Level::Error, format_args!("panicked again while reporting a panic"));
    outputs.display.draw();
}
