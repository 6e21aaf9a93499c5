//! A value for each processor that only this processor uses: it needs interrupts off, but no lock. Beside it may be a value
//! that all processors read.

use super::{InterruptsOff, this_cpu::current_cpu_id};
use alloc::boxed::Box;
use core::cell::{Cell, UnsafeCell};

/// A value for each processor, by its id, and one beside it that all may read.
#[derive(Debug)]
pub struct PerCpu<Own, Shared = ()> {
    slots: Box<[Slot<Own, Shared>]>,
}

/// One processor's values, on its own cache lines.
#[derive(Debug)]
#[repr(align(64))]
struct Slot<Own, Shared> {
    is_in_use: Cell<bool>,
    shared: Shared,
    own: UnsafeCell<Own>,
}

// SAFETY: Only the processor whose id is the slot's index uses `own` and `is_in_use`, so the value moves there once; `shared`
// may be shared.
unsafe impl<Own: Send, Shared: Sync> Sync for Slot<Own, Shared> {}

impl<Own: Send, Shared: Sync> PerCpu<Own, Shared> {
    pub fn new(cpus_count: u32, make: impl Fn() -> (Own, Shared)) -> Self {
        let slots = (0..cpus_count).map(|_| {
            let (own, shared) = make();
            Slot {
                is_in_use: Cell::new(false),
                shared,
                own: UnsafeCell::new(own),
            }
        });
        Self { slots: slots.collect() }
    }

    /// Uses this processor's values, with interrupts off. Returns `None` if it has none, or if the caller has interrupted code
    /// that uses them.
    #[inline]
    pub fn with<R>(&self, use_values: impl FnOnce(&mut Own, &Shared) -> R) -> Option<R> {
        let _interrupts = InterruptsOff::new();
        let slot = self.slots.get(current_cpu_id() as usize)?;
        if slot.is_in_use.replace(true) {
            return None;
        }
        // SAFETY: The slot is this processor's. Interrupts are off, and `is_in_use` keeps out exceptions and NMIs, which can
        // interrupt all the same.
        let result = use_values(unsafe { &mut *slot.own.get() }, &slot.shared);
        slot.is_in_use.set(false);
        Some(result)
    }

    pub fn shared(&self) -> impl Iterator<Item = &Shared> {
        self.slots.iter().map(|slot| &slot.shared)
    }
}
