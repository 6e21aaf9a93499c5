//! The last words: one report, whole, on serial port and screen.
//!
//! The first processor that panics stops the others and reports; others that panic meanwhile halt in silence. A panic within
//! the report (a message whose `Display` panics) ends it with a line of its own. It works before the log is set up, and
//! finds itself a screen if there is none yet.

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

/// Stands in [`PANICKING_CPU`] for: no processor has panicked.
const NO_CPU: u32 = u32::MAX;

/// Set once, by the first processor that panics, to its id.
static PANICKING_CPU: AtomicU32 = AtomicU32::new(NO_CPU);

/// Set by `lib.rs` as soon as processors can be stopped: how.
static STOP_OTHERS: Once<fn()> = Once::new();

/// Set when the report itself panics.
static DID_PANIC_AGAIN: AtomicBool = AtomicBool::new(false);

/// Set by the command line or the test kernel: QEMU ends, with a failing code, instead of standing still.
static EXIT_AFTERWARDS: AtomicBool = AtomicBool::new(false);

/// Says how a panic stops the other processors.
pub fn set_stop_others(stop_others: fn()) {
    STOP_OTHERS.call_once(|| stop_others);
}

/// Whether a processor has panicked.
pub fn did_panic() -> bool {
    PANICKING_CPU.load(Ordering::SeqCst) != NO_CPU
}

/// Where a processor ends that another has stopped because of a panic: nobody hears of it any more. The one that reports is
/// not stopped, whoever sends it an NMI meanwhile.
pub fn handle_panic_originating_on_other_cpu() {
    if PANICKING_CPU.load(Ordering::SeqCst) != current_cpu_id() {
        stop();
    }
}

/// Stops this processor because another reports a panic.
fn stop() -> ! {
    // SAFETY: This processor does nothing any more.
    unsafe { logger::abandon_outputs() };
    hlt_loop_with_interrupts_off()
}

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
    let trace = Backtrace {
        instruction: None,
        rbp: registers.rbp,
        stack: stack_around(registers.rsp),
    };
    let message = info.message();
    match info.location() {
        Some(place) => report(format_args!(
            "panicked at {place}:\n{message}\n{registers}\n{HeapUse}\n{trace}"
        )),
        None => report(format_args!("panicked:\n{message}\n{registers}\n{HeapUse}\n{trace}")),
    }
}

/// Ends the kernel because of an exception of its own: with the registers as they were when it came.
pub fn report_fault(frame: &TrapFrame, what: fmt::Arguments<'_>) -> ! {
    // A stack that has run over into its guard is no stack to read, but all above is.
    let stack = stack_around(frame.rsp);
    let trace = Backtrace {
        instruction: Some(frame.rip),
        rbp: frame.rbp,
        stack,
    };
    report(format_args!("{what}\nStack frame:\n{frame}\n{HeapUse}\n{trace}"))
}

/// Ends the boot because there is no ground to stand on.
pub fn refuse_to_boot(reason: &impl fmt::Display) -> ! {
    report(format_args!("cannot boot: {reason}"))
}

/// How much of the heap is in use, where that can be told.
struct HeapUse;

impl fmt::Display for HeapUse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match global_allocator::usage() {
            Some(usage) => write!(formatter, "{usage}"),
            None => formatter.write_str("heap: in use just now"),
        }
    }
}

/// The bounds of the guarded stack that an address is on, or has just run over; empty for any other stack.
fn stack_around(address: u64) -> Range<u64> {
    // The address may be anything: a fault can have any stack pointer.
    let below = address.checked_sub(1).and_then(|below| VirtAddr::try_new(below).ok());
    let stack = below.and_then(StackInfo::of_slot);
    stack.map_or(0..0, |stack| stack.start.as_u64()..stack.top.as_u64())
}

/// Writes the report, once, and stands still.
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
            // The first panic may not have got there: to stop the others can panic too.
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

/// Tells QEMU's host, on the channel that no program can write to. Before the report, which may panic itself.
fn tell_host() {
    debug_console::tell(format_args!("kernel panicked"));
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
    outputs.write_error(text);
    outputs.display.draw();
}

/// Ends a report that panicked itself, with a line that needs no formatting of foreign values; if that panics too, with
/// a word on the serial port.
fn write_second_report() {
    if DID_PANIC_AGAIN.swap(true, Ordering::Relaxed) {
        let mut serial = logger::serial_port_in_between();
        let _infallible = serial.write_str("\r\npanicked for the third time\r\n");
        return serial.flush();
    }
    // SAFETY: Only the second panic of the processor that panicked first gets here, and neither goes back.
    let outputs = unsafe { logger::take_outputs_for_panic() };
    outputs.write_error(format_args!("panicked again while reporting a panic"));
    outputs.display.draw();
}
