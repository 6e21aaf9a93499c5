//! The lock of the log: it keeps lines whole among processors, and is fair: see [`turn_queue`].
//!
//! It leaves interrupts as they are, since a line may be long and the serial port slow. So an interrupt handler can run on
//! a processor that holds the lock or waits for it, as an NMI or an exception always can. Such code must not take the
//! lock: it would wait for the code that it interrupts. [`LineLock::lock`] tells it so instead.
//!
//! An interrupt handler must not wait for a lock under which another processor logs: the interrupted processor may hold
//! this lock. Under this lock only that of the late lines is taken, and the heap's by messages that allocate.
//!
//! A panic takes the value for good, without a turn. A processor that stops for ever while it has the turn gives it up by
//! [`LineLock::abandon`]; one that waits for its turn may just stop.

use crate::sync::{
    remote_call,
    this_cpu::{current_cpu_id, set_is_logging},
};
use core::{
    cell::UnsafeCell,
    ops::{Deref, DerefMut},
};
use turn_queue::TurnQueue;
use x86_64::instructions::interrupts;

/// How often a panic polls for another processor to end its turn, before it continues all the same: some ten seconds. No
/// line takes so long, unless the serial port gets stuck again and again.
const MAX_POLLS_IN_PANIC: u32 = 400_000_000;

/// A value that one processor at a time may use, until a panic takes it.
pub(super) struct LineLock<T> {
    /// Whose turn it is.
    queue: TurnQueue,
    /// For the processor that has the turn, or for the panic.
    value: UnsafeCell<T>,
}

// SAFETY: The value is used by one processor at a time, so it only ever moves between processors.
unsafe impl<T: Send> Sync for LineLock<T> {}

/// Why the value cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LockError {
    /// This processor uses the value, or waits for it: the caller has interrupted that.
    UsedByThisCpu,
    /// Another processor uses the value, and the caller does not wait.
    InUse,
    /// A panic has the value.
    Closed,
}

/// The right to use the value, on the processor that has taken it. Dropping it ends the turn.
pub(super) struct LineLockGuard<'a, T>(&'a LineLock<T>);

impl<T> LineLock<T> {
    /// A free lock.
    pub(super) const fn new(value: T) -> Self {
        Self {
            queue: TurnQueue::new(),
            value: UnsafeCell::new(value),
        }
    }

    /// Waits for this processor's turn.
    pub(super) fn lock(&self) -> Result<LineLockGuard<'_, T>, LockError> {
        self.lock_by(|queue, cpu_id| {
            let taken = queue.take(cpu_id, run_requested_calls);
            taken.map_err(|turn_queue::Closed| LockError::Closed)
        })
    }

    /// Takes the turn if nobody has it, ahead of those that wait.
    pub(super) fn try_lock(&self) -> Result<LineLockGuard<'_, T>, LockError> {
        self.lock_by(|queue, cpu_id| match queue.try_take(cpu_id) {
            Ok(true) => Ok(()),
            Ok(false) => Err(LockError::InUse),
            Err(turn_queue::Closed) => Err(LockError::Closed),
        })
    }

    /// Takes the turn by `take`, unless this processor has it or waits for it already.
    fn lock_by(
        &self,
        take: impl FnOnce(&TurnQueue, u32) -> Result<(), LockError>,
    ) -> Result<LineLockGuard<'_, T>, LockError> {
        if set_is_logging(true) {
            return Err(LockError::UsedByThisCpu);
        }
        if let Err(error) = take(&self.queue, current_cpu_id()) {
            set_is_logging(false);
            return Err(error);
        }
        Ok(LineLockGuard(self))
    }

    /// Ends this processor's turn if it has it.
    ///
    /// # Safety
    ///
    /// This processor never returns to the code that holds the lock. What that code left half done stays so.
    pub(super) unsafe fn abandon(&self) {
        self.queue.abandon(current_cpu_id());
    }

    /// Takes the value for a panic, for good: waits a bounded time for another processor, and not at all for its own.
    ///
    /// # Safety
    ///
    /// Only one processor may do this, and it must never return to the code that it came from. What a holder left half
    /// done stays so: the caller must expect any state of the value that its methods can leave behind.
    #[expect(
        clippy::mut_from_ref,
        reason = "the lock hands out the only reference, and keeps everybody else out"
    )]
    pub(super) unsafe fn take_for_panic(&self) -> &mut T {
        interrupts::disable();
        self.queue.close(current_cpu_id(), MAX_POLLS_IN_PANIC);
        // SAFETY: The queue is closed, so nobody gets a turn any more. Whoever had it has ended it, or is this processor, which
        // does not return there: the caller's promise. What remains is a processor that has hung for ten seconds: the last
        // words of a panic are worth that risk.
        unsafe { &mut *self.value.get() }
    }
}

/// Runs what other processors ask this one for while it waits with interrupts off: the one that has the turn may wait for it.
fn run_requested_calls() {
    if !interrupts::are_enabled() {
        remote_call::run_requested_calls();
    }
}

impl<T> Deref for LineLockGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: The guard exists only while its processor has the turn.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for LineLockGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: The guard exists only while its processor has the turn, and there is one guard for each turn.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for LineLockGuard<'_, T> {
    fn drop(&mut self) {
        self.0.queue.pass_on();
        set_is_logging(false);
    }
}
