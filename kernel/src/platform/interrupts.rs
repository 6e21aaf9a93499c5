//! Dispatches interrupts by vector.

use super::{local_apic, timer};
use crate::{
    cpu::interrupt_vector::{InterruptVector, VectorName},
    output::logger::IN_INTERRUPT,
    sync::{PerCpu, remote_call, this_cpu::cpus_count},
};
use spin::Once;

/// Set by [`init`] on the BSP, before any AP starts: for each processor, a bit per vector that was logged.
static LOGGED: Once<PerCpu<[u64; 4]>> = Once::new();

/// Prepares the logging of interrupts that are not handled.
pub fn init() {
    LOGGED.call_once(|| PerCpu::new(cpus_count(), || ([0; 4], ())));
}

/// Handles an interrupt. Calls `handle_foreign` for a vector that the kernel does not use; it returns whether it handled the
/// interrupt.
pub fn handle(vector: u8, handle_foreign: fn(u8) -> bool) {
    let is_handled = match InterruptVector::try_from(vector) {
        Ok(InterruptVector::LocalApicTimer) => {
            local_apic::end_of_interrupt();
            timer::handle_interrupt()
        }
        Ok(InterruptVector::RemoteCall) => {
            local_apic::end_of_interrupt();
            remote_call::run_requested_calls()
        }
        Ok(InterruptVector::LocalApicError) => handle_errors(),
        // A spurious interrupt has no end of interrupt; one that `int` raised has neither.
        Ok(InterruptVector::LocalApicSpurious) => end_if_in_service(vector, false),
        Err(_) => end_if_in_service(vector, handle_foreign(vector)),
    };
    if !is_handled {
        log_once(vector);
    }
}

/// Logs the errors of the local APIC. Returns whether there were any.
fn handle_errors() -> bool {
    let errors = local_apic::take_errors();
    local_apic::end_of_interrupt();
    if errors != 0 {
        log::warn!(target: IN_INTERRUPT, "The local APIC reports errors: {errors:#x}");
    }
    errors != 0
}

/// Ends the interrupt if it is in service: not if the instruction `int` raised it.
fn end_if_in_service(vector: u8, is_handled: bool) -> bool {
    if local_apic::is_in_service(vector) {
        local_apic::end_of_interrupt();
    }
    is_handled
}

/// Logs an interrupt that was not handled, each vector once per processor. An interrupt that the kernel uses may be late, when
/// its work is already done.
fn log_once(vector: u8) {
    let (word, bit) = (usize::from(vector / 64), 1 << (vector % 64));
    let is_new = LOGGED.get().and_then(|logged| {
        logged.with(|words, ()| {
            let word = words.get_mut(word)?;
            let is_new = *word & bit == 0;
            *word |= bit;
            Some(is_new)
        })
    });
    if is_new.flatten() != Some(true) {
        return;
    }
    let name = VectorName(vector);
    if InterruptVector::try_from(vector).is_ok() {
        log::trace!(target: IN_INTERRUPT, "Interrupt {name} arrived, but nothing is due");
    } else {
        log::warn!(target: IN_INTERRUPT, "Interrupt {name} arrived, but has no handler");
    }
}
