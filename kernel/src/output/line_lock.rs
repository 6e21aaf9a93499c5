//! The lock of the log: it keeps lines whole among processors, and nobody can wait on it for ever.
//!
//! It is held with interrupts off, so that on the same processor only an exception, an NMI or a panic can come in
//! between. Whoever finds that its own processor holds the lock is told so instead of waiting for itself. A panic takes
//! it for good: from then on everybody else is refused. Under it no other lock is taken.

use core::{
    cell::UnsafeCell,
    hint,
    ops::{Deref, DerefMut},
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};
use x86_64::instructions::interrupts;

/// Stands for: nobody holds the lock.
const NOBODY: u32 = u32::MAX;

/// How often a panic looks whether another processor lets go, before it goes on all the same: some ten seconds. No line
/// takes so long, unless the serial port gets stuck again and again.
const MAX_LOOKS_IN_PANIC: u32 = 400_000_000;

/// A value that one processor at a time may use.
pub(super) struct LineLock<T> {
    /// The id of the processor that holds the lock, or [`NOBODY`].
    owner: AtomicU32,
    /// Set by a panic, for good.
    is_closed: AtomicBool,
    /// For the owner only.
    value: UnsafeCell<T>,
}

// SAFETY: The value is handed out to one owner at a time, so it only ever moves between processors.
unsafe impl<T: Send> Sync for LineLock<T> {}

/// Why the value cannot be used.
pub(super) enum Refusal {
    /// The caller's own processor holds the lock: this is code that came in between.
    HeldByThisCpu,
    /// A panic has it.
    Closed,
}

impl<T> LineLock<T> {
    /// A free lock.
    pub(super) const fn new(value: T) -> Self {
        Self {
            owner: AtomicU32::new(NOBODY),
            is_closed: AtomicBool::new(false),
            value: UnsafeCell::new(value),
        }
    }

    /// Waits until the lock is free, and takes it for the processor `cpu_id`.
    pub(super) fn lock(&self, cpu_id: u32) -> Result<LineGuard<'_, T>, Refusal> {
        let interrupts_were_on = interrupts::are_enabled();
        interrupts::disable();
        let refusal = loop {
            if self.is_closed.load(Ordering::Relaxed) {
                break Refusal::Closed;
            }
            match self
                .owner
                .compare_exchange_weak(NOBODY, cpu_id, Ordering::SeqCst, Ordering::Relaxed)
            {
                // A panic closes first and looks for an owner then, this code the other way round: one sees the other.
                Ok(_) if self.is_closed.load(Ordering::SeqCst) => {
                    self.owner.store(NOBODY, Ordering::Release);
                    break Refusal::Closed;
                }
                Ok(_) => {
                    return Ok(LineGuard {
                        lock: self,
                        interrupts_were_on,
                    });
                }
                Err(owner) if owner == cpu_id => break Refusal::HeldByThisCpu,
                // Looking is cheaper than trying: it leaves the cache line shared among all who wait.
                Err(_) => self.wait_until_free(),
            }
        };
        restore_interrupts(interrupts_were_on);
        Err(refusal)
    }

    /// Returns when the lock looks free or is closed.
    fn wait_until_free(&self) {
        while self.owner.load(Ordering::Relaxed) != NOBODY && !self.is_closed.load(Ordering::Relaxed) {
            hint::spin_loop();
        }
    }

    /// Takes the value for a panic, for good: waits a bounded time for another processor, and not at all for its own.
    ///
    /// # Safety
    ///
    /// Only one processor may do this, once, and it must never return to the code that it came from. What a holder
    /// left half done stays so: the caller must expect any state of the value that its methods can leave behind.
    #[expect(
        clippy::mut_from_ref,
        reason = "the lock hands out the only reference, and keeps everybody else out"
    )]
    pub(super) unsafe fn take_for_panic(&self, cpu_id: u32) -> &mut T {
        interrupts::disable();
        self.is_closed.store(true, Ordering::SeqCst);
        for _ in 0..MAX_LOOKS_IN_PANIC {
            let owner = self.owner.load(Ordering::SeqCst);
            if owner == NOBODY || owner == cpu_id {
                break;
            }
            hint::spin_loop();
        }
        // SAFETY: The lock is closed, so nobody gets it any more; whoever held it has let go, or is the caller's own
        // processor, which does not go back there. What remains is a holder that has hung for ten seconds: the last words
        // of a panic are worth that risk.
        unsafe { &mut *self.value.get() }
    }
}

/// The right to use the value. Dropping it frees the lock.
pub(super) struct LineGuard<'a, T> {
    /// What is held.
    lock: &'a LineLock<T>,
    /// Whether interrupts are switched on again at the end.
    interrupts_were_on: bool,
}

impl<T> Deref for LineGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: The guard exists only while its processor is the owner.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for LineGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: The guard exists only while its processor is the owner, and there is one guard an owner.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for LineGuard<'_, T> {
    fn drop(&mut self) {
        self.lock.owner.store(NOBODY, Ordering::Release);
        restore_interrupts(self.interrupts_were_on);
    }
}

/// Switches interrupts on again if they were.
fn restore_interrupts(were_on: bool) {
    if were_on {
        interrupts::enable();
    }
}
