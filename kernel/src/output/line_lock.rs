//! The lock of the log: it keeps lines whole among processors, and nobody can wait on it for ever.
//!
//! It is held with interrupts off, so that on the same processor only an exception, an NMI or a panic can come in
//! between. Whoever finds that its own processor holds the lock is told so instead of waiting for itself. A panic takes
//! it for good: from then on everybody else is refused. Under it no other lock is taken.

use crate::sync::{IrqSpinLock, IrqSpinLockGuard};
use core::sync::atomic::{AtomicBool, Ordering};
use x86_64::instructions::interrupts;

/// How often a panic looks whether another processor lets go, before it goes on all the same: some ten seconds. No line
/// takes so long, unless the serial port gets stuck again and again.
const MAX_LOOKS_IN_PANIC: u32 = 400_000_000;

/// A value that one processor at a time may use, until a panic takes it.
pub(super) struct LineLock<T> {
    /// The lock itself.
    lock: IrqSpinLock<T>,
    /// Set by a panic, for good.
    is_closed: AtomicBool,
}

/// Why the value cannot be used.
pub(super) enum LockError {
    /// The caller's own processor holds the lock: this is code that came in between.
    HeldByThisCpu,
    /// A panic has it.
    Closed,
}

impl<T> LineLock<T> {
    /// A free lock.
    pub(super) const fn new(value: T) -> Self {
        Self {
            lock: IrqSpinLock::new(value),
            is_closed: AtomicBool::new(false),
        }
    }

    /// Waits until the lock is free, and takes it.
    pub(super) fn lock(&self) -> Result<IrqSpinLockGuard<'_, T>, LockError> {
        let guard = self.lock.lock_unless(|| self.is_closed())?;
        // A panic closes first and looks for an owner then, this code the other way round: one sees the other.
        if self.is_closed() {
            return Err(LockError::Closed);
        }
        Ok(guard)
    }

    /// Frees the lock if this processor holds it.
    ///
    /// # Safety
    ///
    /// As for [`IrqSpinLock::abandon`].
    pub(super) unsafe fn abandon(&self) {
        // SAFETY: The caller's promise.
        unsafe { self.lock.abandon() };
    }

    /// Whether a panic has the value.
    fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
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
        self.is_closed.store(true, Ordering::SeqCst);
        // SAFETY: The lock is closed, so nobody gets it any more; the rest is the caller's promise. The last words of a panic
        // are worth the risk of a holder that has hung for ten seconds.
        unsafe { self.lock.take_for_good(MAX_LOOKS_IN_PANIC) }
    }
}

impl From<crate::sync::LockError> for LockError {
    fn from(refusal: crate::sync::LockError) -> Self {
        match refusal {
            crate::sync::LockError::HeldByThisCpu => Self::HeldByThisCpu,
            crate::sync::LockError::GivenUp => Self::Closed,
        }
    }
}
