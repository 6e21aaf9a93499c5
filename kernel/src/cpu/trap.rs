//! What the kernel does when the processor enters it by an interrupt or exception.
//!
//! Interrupts are off throughout. A breakpoint continues; every other exception of the kernel's own is a panic that
//! names it; a vector that nobody handles is logged by its number.

use super::{exception, page_fault_error::PageFaultError, trap_frame::TrapFrame};
use crate::{memory::guarded_stack::StackInfo, output::panic_handler};
use spin::Once;
use x86_64::{VirtAddr, registers::control::Cr2};

/// Set at boot: asked about an interrupt that nobody handles.
static OTHER_HANDLER: Once<fn(u8) -> bool> = Once::new();

/// Says who is asked about an interrupt that nobody handles: told its vector, it returns whether it handled it.
pub(crate) fn set_other_handler(handler: fn(u8) -> bool) {
    OTHER_HANDLER.call_once(|| handler);
}

/// The vectors that are treated by themselves (Intel SDM vol. 3, table 7-1).
mod vector {
    /// The pin of that name, or a message to the local APIC.
    pub(super) const NON_MASKABLE: u64 = 2;
    /// `int3`.
    pub(super) const BREAKPOINT: u64 = 3;
    /// An exception while another was delivered.
    pub(super) const DOUBLE_FAULT: u64 = 8;
    /// An address that is not mapped, or not for this use.
    pub(super) const PAGE_FAULT: u64 = 14;
}

/// Called by `trap_entry.s` for every vector; what it leaves in the frame is what the interrupted code goes on with.
pub(super) extern "C" fn handle_trap(frame: &mut TrapFrame) {
    match frame.vector {
        vector::BREAKPOINT => log::info!("Breakpoint! Stack frame:\n{frame}"),
        vector::DOUBLE_FAULT => double_fault_handler(frame),
        vector::PAGE_FAULT => page_fault_handler(frame),
        // In the middle of the log of this processor, it is written to the serial port only.
        vector::NON_MASKABLE => log::warn!("Non-maskable interrupt! It came at rip {:#018x}", frame.rip),
        number => match exception::name(number) {
            Some(name) => fault(frame, format_args!("{name}! Error code: {:#x}", frame.error_code)),
            None => interrupt_handler(number),
        },
    }
}

/// An interrupt that no device of ours raises.
fn interrupt_handler(number: u64) {
    let ask = OTHER_HANDLER.get().copied().unwrap_or(|_| false);
    let is_handled = u8::try_from(number).is_ok_and(ask);
    if !is_handled {
        log::warn!("Interrupt {number:#04x} came, and nobody handles it");
    }
}

/// An access to memory that is not mapped, or not for this use.
fn page_fault_handler(frame: &TrapFrame) {
    let error = PageFaultError(frame.error_code);
    let address = Cr2::read_raw();
    fault(
        frame,
        format_args!("Page fault! Error code: {error}. Accessed address: {address:#018x}"),
    )
}

/// An exception whose delivery failed: on a guarded stack this is how an overflow arrives, since the processor cannot
/// push the page fault's frame.
fn double_fault_handler(frame: &TrapFrame) {
    let address = Cr2::read_raw();
    match StackInfo::of_guard(VirtAddr::new_truncate(address)) {
        Some(stack) => fault(
            frame,
            format_args!("Stack overflow: {stack:?}. Accessed address: {address:#018x}"),
        ),
        None => fault(frame, format_args!("Double Fault! Error code: {:#x}", frame.error_code)),
    }
}

/// The end of the kernel, by a fault of its own.
fn fault(frame: &TrapFrame, what: core::fmt::Arguments<'_>) -> ! {
    panic_handler::report_fault(frame, what)
}
