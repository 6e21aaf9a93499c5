//! Interrupts and exceptions that arrive in kernel mode.
//!
//! Interrupts are off throughout. A breakpoint continues; every other exception in kernel mode is a panic that names it. An exception
//! of a program does not come here: `trap_entry.s` returns from `UserContext::run` instead, and `user_mode/program.rs` handles
//! it. A program's page fault goes from there to `memory/user_address_space.rs`.

use super::{
    exception::{self, PageFaultError, vector},
    trap_frame::TrapFrame,
};
use crate::{
    memory::{guarded_stack::StackInfo, user_copy},
    output::{logger::IN_INTERRUPT, panic_handler},
};
use spin::Once;
use x86_64::{VirtAddr, registers::control::Cr2};

/// Handles an interrupt, given its vector. Set at boot, before interrupts are enabled.
static INTERRUPT_HANDLER: Once<fn(u8)> = Once::new();

pub(crate) fn set_interrupt_handler(handler: fn(u8)) {
    INTERRUPT_HANDLER.call_once(|| handler);
}

/// Handles every interrupt and exception of kernel mode, and NMIs, double faults and machine checks of user mode.
///
/// `trap_entry.s` calls it. The interrupted code continues with the registers that it leaves in the frame.
pub(super) extern "C" fn kernel_trap(frame: &mut TrapFrame) {
    match frame.vector() {
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

pub(crate) fn interrupt_handler(vector: u8) {
    if let Some(handle) = INTERRUPT_HANDLER.get() {
        handle(vector);
    }
}

/// Stops this processor if another one has panicked; logs any other NMI.
fn non_maskable_handler(frame: &TrapFrame) {
    if panic_handler::did_panic() {
        panic_handler::handle_panic_originating_on_other_cpu();
    }
    log::warn!(
        target: IN_INTERRUPT,
        "Non-maskable interrupt! It came at rip {:#018x}. Unless someone sent it, check the memory and the devices",
        frame.rip
    );
}

/// Reports a page fault of the kernel. A fault of the copy to or from a program is not an error: the copy recovers from it.
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

/// Reports an exception whose delivery failed. A stack overflow arrives as one: the processor cannot push the frame of the page
/// fault to a guard page.
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

fn fault(frame: &TrapFrame, what: core::fmt::Arguments<'_>) -> ! {
    panic_handler::report_fault(frame, what)
}
