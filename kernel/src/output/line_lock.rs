//! The lock of the log: lets one processor at a time write a line. It is fair: see [`turn_queue`].
//!
//! The lock leaves interrupts as they are, since a line may be long and the serial port slow. So an interrupt handler, an NMI
//! or an exception can interrupt code that holds the lock or waits for it. If that handler waited for the lock, it would wait
//! for the code that it interrupted: [`LineLock::lock`] returns [`LockError::UsedByThisCpu`] instead.
//!
//! An interrupt handler must not wait for a lock whose holder logs: the interrupted code may hold this lock. While this lock is
//! held, only two others are taken: that of the late lines, and the heap's, by messages that allocate.
//!
//! A panic takes the value for good, without a turn. A processor that halts for good while it has the turn gives it up with
//! [`LineLock::abandon`]; a processor that waits for its turn may halt at any time.

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

/// Maximum number of times a panic polls for the end of another processor's turn before it takes the value: about ten seconds.
/// No line takes so long, unless the serial port is stuck repeatedly.
const MAX_POLLS_IN_PANIC: u32 = 400_000_000;

/// A value that one processor at a time uses, until a panic takes it.
pub(super) struct LineLock<T> {
    queue: TurnQueue,
    /// Accessed only by the processor that has the turn, or by the panic.
    value: UnsafeCell<T>,
}

// SAFETY: One processor at a time uses the value, so sharing the lock only moves the value between processors.
unsafe impl<T: Send> Sync for LineLock<T> {}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LockError {
    /// The caller interrupted code of this processor that holds the lock or waits for it.
    UsedByThisCpu,
    /// Another processor holds the lock, and the caller does not wait.
    InUse,
    /// A panic has taken the value for good.
    Closed,
}

/// Access to the value, for the processor that has the turn. Dropping the guard ends the turn.
pub(super) struct LineLockGuard<'a, T>(&'a LineLock<T>);

impl<T> LineLock<T> {
    pub(super) const fn new(value: T) -> Self {
        Self {
            queue: TurnQueue::new(),
            value: UnsafeCell::new(value),
        }
    }

    pub(super) fn lock(&self) -> Result<LineLockGuard<'_, T>, LockError> {
        self.lock_by(|queue, cpu_id| {
            let taken = queue.take(cpu_id, run_requested_calls);
            taken.map_err(|turn_queue::Closed| LockError::Closed)
        })
    }

    /// Takes the lock if it is free, ahead of the processors that wait. Never waits.
    pub(super) fn try_lock(&self) -> Result<LineLockGuard<'_, T>, LockError> {
        self.lock_by(|queue, cpu_id| match queue.try_take(cpu_id) {
            Ok(true) => Ok(()),
            Ok(false) => Err(LockError::InUse),
            Err(turn_queue::Closed) => Err(LockError::Closed),
        })
    }

    /// Takes the lock with `take`, unless this processor already holds it or waits for it.
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

    /// Releases the lock if this processor holds it.
    ///
    /// # Safety
    ///
    /// This processor never returns to the code that holds the lock. The value stays as that code left it.
    pub(super) unsafe fn abandon(&self) {
        self.queue.abandon(current_cpu_id());
    }

    /// Takes the value for a panic, for good. Waits a bounded time if another processor holds the lock, and not at all if this one
    /// does.
    ///
    /// # Safety
    ///
    /// Only one processor may call this, and it must never return to the code that it interrupted. The caller must handle any
    /// state that an interrupted method of the value can leave.
    #[expect(
        clippy::mut_from_ref,
        reason = "the lock hands out the only reference, and stays closed afterwards"
    )]
    pub(super) unsafe fn take_for_panic(&self) -> &mut T {
        interrupts::disable();
        self.queue.close(current_cpu_id(), MAX_POLLS_IN_PANIC);
        // SAFETY: The queue is closed, so no processor gets a turn any more. The last holder has ended its turn, or is this
        // processor, which does not return there: the caller's promise. The exception is a holder that has hung for ten
        // seconds: the report of a panic is worth that risk.
        unsafe { &mut *self.value.get() }
    }
}

/// Runs remote calls for this processor while it waits with interrupts off: the holder of the lock may wait for such a call.
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
