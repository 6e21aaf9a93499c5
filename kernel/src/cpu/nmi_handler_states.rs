//! Which processors can take an NMI: so a panic stops those that can by an NMI, and leaves a note for those that cannot yet.

use super::cpu_local_data::current_cpu_id;
use crate::sync::this_cpu::cpus_count;
use alloc::boxed::Box;
use core::sync::atomic::{AtomicU8, Ordering};
use num_enum::{IntoPrimitive, TryFromPrimitive};
use spin::Once;

/// Set by [`init`] on the BSP, before any AP starts: by the processors' ids.
pub static NMI_HANDLER_STATES: Once<Box<[AtomicU8]>> = Once::new();

/// A processor as one that panics sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u8)]
pub enum NmiHandlerState {
    /// An NMI would go astray: it has no table of handlers yet.
    NmiHandlerNotSet,
    /// An NMI reaches its handler.
    NmiHandlerSet,
    /// Another processor has panicked before there was a handler: do not go on.
    KernelPanicked,
}

/// Gives each processor a state. The BSP has its handler already.
pub fn init() {
    let states = (0..cpus_count()).map(|cpu_id| {
        AtomicU8::new(match cpu_id {
            super::cpu_local_data::BSP_ID => NmiHandlerState::NmiHandlerSet.into(),
            _ => NmiHandlerState::NmiHandlerNotSet.into(),
        })
    });
    NMI_HANDLER_STATES.call_once(|| states.collect());
}

/// Says that this processor has its handler. Returns whether it may go on: not after a panic of another.
#[must_use]
pub fn set_own_handler() -> bool {
    let states = NMI_HANDLER_STATES.get();
    let Some(state) = states.and_then(|states| states.get(current_cpu_id() as usize)) else {
        return true;
    };
    change(state, NmiHandlerState::NmiHandlerNotSet, NmiHandlerState::NmiHandlerSet)
}

/// For a panic: tells every other processor to stop, `send_nmi` those that have a handler, by a note those that have none.
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

/// Changes a state, if it is the expected one; returns whether it was.
fn change(state: &AtomicU8, from: NmiHandlerState, to: NmiHandlerState) -> bool {
    let exchanged = state.compare_exchange(from.into(), to.into(), Ordering::SeqCst, Ordering::SeqCst);
    exchanged.is_ok()
}
