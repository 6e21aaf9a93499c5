//! Which processors can handle an NMI. A panic stops those by an NMI, and leaves a note for the others.

use super::cpu_local_data::current_cpu_id;
use crate::sync::this_cpu::cpus_count;
use alloc::boxed::Box;
use core::sync::atomic::{AtomicU8, Ordering};
use num_enum::{IntoPrimitive, TryFromPrimitive};
use spin::Once;

/// The state of each processor, by id. Set by [`init`] on the BSP before any AP starts.
pub static NMI_HANDLER_STATES: Once<Box<[AtomicU8]>> = Once::new();

/// State of a processor, as a panicking processor sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u8)]
pub enum NmiHandlerState {
    /// No IDT is loaded yet, so an NMI would be lost.
    NmiHandlerNotSet,
    /// An NMI reaches the handler.
    NmiHandlerSet,
    /// Another processor panicked before this one had a handler: it must halt.
    KernelPanicked,
}

/// Creates a state for each processor. The BSP has its handler already.
pub fn init() {
    let states = (0..cpus_count()).map(|cpu_id| {
        AtomicU8::new(match cpu_id {
            super::cpu_local_data::BSP_ID => NmiHandlerState::NmiHandlerSet.into(),
            _ => NmiHandlerState::NmiHandlerNotSet.into(),
        })
    });
    NMI_HANDLER_STATES.call_once(|| states.collect());
}

/// Records that the current processor has its handler. Returns `false` if another processor has panicked: then it must halt.
#[must_use]
pub fn set_own_handler() -> bool {
    let states = NMI_HANDLER_STATES.get();
    let Some(state) = states.and_then(|states| states.get(current_cpu_id() as usize)) else {
        return true;
    };
    change(state, NmiHandlerState::NmiHandlerNotSet, NmiHandlerState::NmiHandlerSet)
}

/// Stops every other processor in a panic: those with a handler by `send_nmi`, those without by a note.
pub fn stop_others(send_nmi: impl Fn(u32)) {
    let this_cpu = current_cpu_id();
    for (cpu_id, state) in (0..).zip(NMI_HANDLER_STATES.get().into_iter().flatten()) {
        let leaves_note = || {
            change(
                state,
                NmiHandlerState::NmiHandlerNotSet,
                NmiHandlerState::KernelPanicked,
            )
        };
        if cpu_id != this_cpu && !leaves_note() {
            send_nmi(cpu_id);
        }
    }
}

/// Changes a state from `from` to `to`. Returns whether it was `from`.
fn change(state: &AtomicU8, from: NmiHandlerState, to: NmiHandlerState) -> bool {
    let exchanged = state.compare_exchange(from.into(), to.into(), Ordering::SeqCst, Ordering::SeqCst);
    exchanged.is_ok()
}
