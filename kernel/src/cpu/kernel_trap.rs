//! What the kernel does when the processor enters it by an interrupt or exception.
//!
//! Interrupts are off throughout. A breakpoint continues; every other exception of the kernel's own is a panic that
//! names it; a vector that nobody handles is logged by its number.

use super::{exception, page_fault_error::PageFaultError, trap_frame::TrapFrame};
use crate::{
    memory::{guarded_stack::StackInfo, user_copy},
    output::panic_handler,
};
use spin::Once;
use x86_64::{VirtAddr, registers::control::Cr2};

/// Set at boot, before interrupts are on: told the vector, it handles an interrupt.
static INTERRUPT_HANDLER: Once<fn(u8)> = Once::new();

/// Says who handles interrupts.
pub(crate) fn set_interrupt_handler(handler: fn(u8)) {
    INTERRUPT_HANDLER.call_once(|| handler);
}

/// The vectors that are treated by themselves (Intel SDM vol. 3, table 7-1).
pub(super) mod vector {
    /// A single step, `icebp`, or a debug register.
    pub(in crate::cpu) const DEBUG: u64 = 1;
    /// The pin of that name, or a message to the local APIC.
    pub(in crate::cpu) const NON_MASKABLE: u64 = 2;
    /// `int3`.
    pub(in crate::cpu) const BREAKPOINT: u64 = 3;
    /// An exception while another was delivered.
    pub(in crate::cpu) const DOUBLE_FAULT: u64 = 8;
    /// An address that is not mapped, or not for this use.
    pub(in crate::cpu) const PAGE_FAULT: u64 = 14;
}

/// Called by `trap_entry.s` for every vector that interrupts the kernel, and for those that are none of a program's business
/// whatever they interrupt; what it leaves in the frame is what the interrupted code goes on with.
pub(super) extern "C" fn kernel_trap(frame: &mut TrapFrame) {
    match frame.vector {
        vector::BREAKPOINT => log::info!("Breakpoint! Stack frame:\n{frame}"),
        vector::DOUBLE_FAULT => double_fault_handler(frame),
        vector::PAGE_FAULT => page_fault_handler(frame),
        vector::NON_MASKABLE => non_maskable_handler(frame),
        number => match exception::name(number) {
            Some(name) => fault(frame, format_args!("{name}! Error code: {:#x}", frame.error_code)),
            None => interrupt_handler(number),
        },
    }
}

/// An interrupt of a device, a local APIC or another processor.
pub(crate) fn interrupt_handler(number: u64) {
    if let (Some(handle), Ok(vector)) = (INTERRUPT_HANDLER.get(), u8::try_from(number)) {
        handle(vector);
    }
}

/// By an NMI a processor that panics stops the others; any other NMI is logged.
fn non_maskable_handler(frame: &TrapFrame) {
    if panic_handler::did_panic() {
        panic_handler::handle_panic_originating_on_other_cpu();
    }
    // In the middle of the log of this processor, it is written to the serial port only.
    log::warn!("Non-maskable interrupt! It came at rip {:#018x}", frame.rip);
}

/// An access to memory that is not mapped, or not for this use. One of a copy to or from a program is none of the kernel's:
/// the copy goes on behind it.
fn page_fault_handler(frame: &mut TrapFrame) {
    if let Some(recovery) = user_copy::recovery_of(frame.rip) {
        frame.rip = recovery;
        return;
    }
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
