//! A place for the waker of a task that waits for an interrupt handler or another task.

use crate::hardware::{Hardware, Lock};
use core::task::Waker;

/// Holds at most one waker.
///
/// The waiting task puts it in and takes it out. Whoever wakes leaves it in the slot, so the last reference to a task is never
/// dropped, and its memory never freed, in an interrupt handler.
///
/// A task that waits for a condition calls [`Self::register`], then looks at the condition once more. Whoever makes the condition
/// true calls [`Self::wake`] afterwards.
pub struct WakerSlot<H: Hardware> {
    /// The locks of the queues may be taken inside.
    waker: H::Lock<Option<Waker>>,
}

impl<H: Hardware> WakerSlot<H> {
    /// Creates an empty slot.
    #[must_use]
    pub fn new() -> Self {
        Self {
            waker: H::Lock::new(None),
        }
    }

    /// Puts the waker into the slot, in place of the one that is there. Not for interrupt handlers.
    pub fn register(&self, waker: &Waker) {
        let _old_waker = self.waker.with(|slot| {
            let is_same = slot.as_ref().is_some_and(|old| old.will_wake(waker));
            if is_same { None } else { slot.replace(waker.clone()) }
        });
    }

    /// Empties the slot. Not for interrupt handlers.
    pub fn clear(&self) {
        let _old_waker = self.waker.with(Option::take);
    }

    /// Wakes the task whose waker is in the slot. Callable from interrupt handlers.
    pub fn wake(&self) {
        self.waker.with(|slot| {
            if let Some(waker) = slot {
                waker.wake_by_ref();
            }
        });
    }
}

impl<H: Hardware> Default for WakerSlot<H> {
    fn default() -> Self {
        Self::new()
    }
}
