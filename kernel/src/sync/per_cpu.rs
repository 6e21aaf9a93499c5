//! A value for each processor, which no other processor touches: so it needs no lock, only interrupts off. Beside it there
//! may be something that the others read.

use super::{InterruptsOff, this_cpu::current_cpu_id};
use alloc::boxed::Box;
use core::cell::{Cell, UnsafeCell};

/// A value for each processor, by its id, and beside it what all may read.
#[derive(Debug)]
pub struct PerCpu<Own, Shared = ()> {
    /// By the processors' ids.
    slots: Box<[Slot<Own, Shared>]>,
}

/// One processor's values, on cache lines of their own.
#[derive(Debug)]
#[repr(align(64))]
struct Slot<Own, Shared> {
    /// Set while the processor's own value is in use.
    is_in_use: Cell<bool>,
    /// What all may read.
    shared: Shared,
    /// The processor's own value.
    own: UnsafeCell<Own>,
}

// SAFETY: `own` and `is_in_use` are only used by the processor whose id is the slot's index, so the value only moves there
// once; `shared` may be shared.
unsafe impl<Own: Send, Shared: Sync> Sync for Slot<Own, Shared> {}

impl<Own: Send, Shared: Sync> PerCpu<Own, Shared> {
    /// Values for each of so many processors.
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

    /// Uses this processor's values, with interrupts off. `None` when it has none, or is using its own already: then this is
    /// code that came in between.
    #[inline]
    pub fn with<R>(&self, use_values: impl FnOnce(&mut Own, &Shared) -> R) -> Option<R> {
        let _interrupts = InterruptsOff::new();
        let slot = self.slots.get(current_cpu_id() as usize)?;
        if slot.is_in_use.replace(true) {
            return None;
        }
        // SAFETY: The slot is this processor's, which stays here with interrupts off; `is_in_use` keeps what may come in
        // between all the same away.
        let result = use_values(unsafe { &mut *slot.own.get() }, &slot.shared);
        slot.is_in_use.set(false);
        Some(result)
    }

    /// What all processors share, by their ids.
    pub fn shared(&self) -> impl Iterator<Item = &Shared> {
        self.slots.iter().map(|slot| &slot.shared)
    }
}
