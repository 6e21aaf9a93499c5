//! What the kernel does when an interrupt comes, by its vector.

use super::{local_apic, timer};
use crate::{
    cpu::interrupt_vector::{InterruptVector, VectorName},
    sync::{PerCpu, remote_call, this_cpu::cpus_count},
};
use spin::Once;

/// Set by [`init`] on the BSP, before any AP starts: on each processor, a bit for each vector that has been logged.
static LOGGED: Once<PerCpu<[u64; 4]>> = Once::new();

/// Gives each processor a note of what it has logged.
pub fn init() {
    LOGGED.call_once(|| PerCpu::new(cpus_count(), || ([0; 4], ())));
}

/// Handles an interrupt. `handle_foreign` is asked about one that is not the kernel's own, and returns whether it is handled.
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
        // Taken back, so there is nothing to handle, and no end to tell; or raised by mistake.
        Ok(InterruptVector::LocalApicSpurious) => end_if_in_service(vector, false),
        Err(_) => end_if_in_service(vector, handle_foreign(vector)),
    };
    if !is_handled {
        log_once(vector);
    }
}

/// Says what a local APIC has found wrong. Returns whether there was anything.
fn handle_errors() -> bool {
    let errors = local_apic::take_errors();
    local_apic::end_of_interrupt();
    if errors != 0 {
        log::warn!("The local APIC reports errors: {errors:#x}");
    }
    errors != 0
}

/// Tells the local APIC that the interrupt is handled, if it waits for that: not if the instruction `int` raised it.
fn end_if_in_service(vector: u8, is_handled: bool) -> bool {
    if local_apic::is_in_service(vector) {
        local_apic::end_of_interrupt();
    }
    is_handled
}

/// Logs an interrupt with nothing to handle; the same vector once on each processor. One that the kernel itself uses may
/// come late, when the work is done already.
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
        log::trace!("Interrupt {name} came, with nothing to do");
    } else {
        log::warn!("Interrupt {name} came, and nobody handles it");
    }
}
