//! The panic handler: writes one whole report to serial port and screen.
//!
//! The first processor that panics stops the others and writes the report; processors that panic meanwhile halt silently. A
//! panic within the report (a message whose `Display` panics) ends it with one more line. The handler works before the log is
//! set up, and takes the screen if the log does not have it yet.

use super::{ExitCode, backtrace::Backtrace, debug_console, exit_qemu, logger};
#[cfg(target_os = "none")]
use crate::cpu::registers::Registers;
use crate::{
    boot::screen,
    cpu::{hlt_loop::hlt_loop_with_interrupts_off, trap_frame::TrapFrame},
    memory::{global_allocator, guarded_stack::StackInfo},
    sync::this_cpu::current_cpu_id,
};
use core::{
    fmt::{self, Write},
    ops::Range,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};
use spin::Once;
use x86_64::VirtAddr;

const NO_CPU: u32 = u32::MAX;

/// Set once, by the first processor that panics, to its id.
static PANICKING_CPU: AtomicU32 = AtomicU32::new(NO_CPU);

/// Set by `platform::start`: stops the other processors.
static STOP_OTHERS: Once<fn()> = Once::new();

/// Set when the report itself panics.
static DID_PANIC_AGAIN: AtomicBool = AtomicBool::new(false);

/// Set by the command line (`panic=exit`) or the test kernel: after the report, QEMU exits with a failing code.
static EXIT_AFTERWARDS: AtomicBool = AtomicBool::new(false);

pub fn set_stop_others(stop_others: fn()) {
    STOP_OTHERS.call_once(|| stop_others);
}

pub fn did_panic() -> bool {
    PANICKING_CPU.load(Ordering::SeqCst) != NO_CPU
}

/// Halts this processor because another one has panicked. Returns if this processor is the one that writes the report: it
/// ignores NMIs.
pub fn handle_panic_originating_on_other_cpu() {
    if PANICKING_CPU.load(Ordering::SeqCst) != current_cpu_id() {
        stop();
    }
}

/// Releases the log and halts this processor: another one reports a panic.
fn stop() -> ! {
    // SAFETY: This processor only halts from here on.
    unsafe { logger::abandon_outputs() };
    hlt_loop_with_interrupts_off()
}

/// Makes a panic end QEMU with [`ExitCode::Failure`].
pub fn exit_qemu_on_panic() {
    EXIT_AFTERWARDS.store(true, Ordering::Relaxed);
}

#[cfg(target_os = "none")]
#[panic_handler]
fn rust_panic(info: &core::panic::PanicInfo<'_>) -> ! {
    x86_64::instructions::interrupts::disable();
    let registers = Registers::read();
    let trace = Backtrace {
        instruction: None,
        rbp: registers.rbp,
        stack: stack_around(registers.rsp),
    };
    let message = info.message();
    let heap = global_allocator::usage();
    match info.location() {
        Some(place) => report(format_args!(
            "panicked at {place}:\n{message}\n{registers}\n{heap}\n{trace}"
        )),
        None => report(format_args!("panicked:\n{message}\n{registers}\n{heap}\n{trace}")),
    }
}

/// Reports a fatal exception of the kernel, with the registers at the faulting instruction.
pub fn report_fault(frame: &TrapFrame, what: fmt::Arguments<'_>) -> ! {
    // After a stack overflow, `rsp` is in the guard pages; the stack above them is readable.
    let stack = stack_around(frame.rsp);
    let trace = Backtrace {
        instruction: Some(frame.rip),
        rbp: frame.rbp,
        stack,
    };
    let heap = global_allocator::usage();
    report(format_args!("{what}\nStack frame:\n{frame}\n{heap}\n{trace}"))
}

/// Stops the boot: the kernel cannot run on this machine, or under this boot loader.
pub fn refuse_to_boot(reason: &impl fmt::Display) -> ! {
    report(format_args!("cannot boot: {reason}"))
}

/// Returns the bounds of the guarded stack that contains the address, or whose guard pages do; else an empty range.
fn stack_around(address: u64) -> Range<u64> {
    // The address is arbitrary: a fault can occur with any stack pointer.
    let below = address.checked_sub(1).and_then(|below| VirtAddr::try_new(below).ok());
    let stack = below.and_then(StackInfo::of_slot);
    stack.map_or(0..0, |stack| stack.start.as_u64()..stack.top.as_u64())
}

/// Writes the report on the first processor that panics. Halts every processor that panics.
fn report(text: fmt::Arguments<'_>) -> ! {
    let cpu_id = current_cpu_id();
    match PANICKING_CPU.compare_exchange(NO_CPU, cpu_id, Ordering::SeqCst, Ordering::SeqCst) {
        Ok(_) => {
            if let Some(stop_others) = STOP_OTHERS.get() {
                stop_others();
            }
            tell_host();
            write_report(text);
        }
        Err(first) if first == cpu_id => {
            // The first panic may not have got there: stopping the others can panic too.
            tell_host();
            write_second_report();
        }
        Err(_other) => stop(),
    }
    if EXIT_AFTERWARDS.load(Ordering::Relaxed) {
        exit_qemu(ExitCode::Failure);
    }
    hlt_loop_with_interrupts_off()
}

/// Reports the panic to QEMU's host, on the port that no program can write to. Called first: the written report may panic.
fn tell_host() {
    debug_console::tell(format_args!("kernel panicked"));
}

fn write_report(text: fmt::Arguments<'_>) {
    // SAFETY: Only the first panic calls this, and it never returns.
    let outputs = unsafe { logger::take_outputs_for_panic() };
    if !outputs.display.has_screen()
        && let Ok(screen) = screen::take()
    {
        outputs.display.attach(screen);
    }
    outputs.write_error(text);
    outputs.display.draw();
}

/// Ends a report that panicked with a line that contains no formatted values. If writing that line panics too, sends a fixed
/// text to the serial port.
fn write_second_report() {
    if DID_PANIC_AGAIN.swap(true, Ordering::Relaxed) {
        let mut serial = logger::unlocked_serial_port();
        let _infallible = serial.write_str("\r\npanicked for the third time\r\n");
        return serial.flush();
    }
    // SAFETY: Only the second panic of the processor that panicked first gets here, and neither panic returns.
    let outputs = unsafe { logger::take_outputs_for_panic() };
    outputs.write_error(format_args!("panicked again while reporting a panic"));
    outputs.display.draw();
}
