//! The lock of the log: it keeps lines whole among processors, and nobody can wait on it for ever.
//!
//! It is held with interrupts off, so that on the same processor only an exception, an NMI or a panic can come in
//! between. Whoever finds that its own processor holds the lock is told so instead of waiting for itself. Under it no
//! other lock is taken.

use core::{
    cell::UnsafeCell,
    hint,
    ops::{Deref, DerefMut},
    sync::atomic::{AtomicU32, Ordering},
};
use x86_64::instructions::interrupts;

/// Stands for: nobody holds the lock.
const NOBODY: u32 = u32::MAX;

/// How often a panic looks whether another processor lets go, before it goes on all the same. Many times what the
/// longest line takes.
const MAX_LOOKS_IN_PANIC: u32 = 50_000_000;

/// A value that one processor at a time may use.
pub(super) struct LineLock<T> {
    /// The id of the processor that holds the lock, or [`NOBODY`].
    owner: AtomicU32,
    /// For the owner only.
    value: UnsafeCell<T>,
}

// SAFETY: The value is handed out to one owner at a time, so it only ever moves between processors.
unsafe impl<T: Send> Sync for LineLock<T> {}

/// The caller's own processor holds the lock: this is code that came in between.
pub(super) struct HeldByThisCpu;

impl<T> LineLock<T> {
    /// A free lock.
    pub(super) const fn new(value: T) -> Self {
        Self {
            owner: AtomicU32::new(NOBODY),
            value: UnsafeCell::new(value),
        }
    }

    /// Waits until the lock is free, and takes it for the processor `cpu_id`.
    pub(super) fn lock(&self, cpu_id: u32) -> Result<LineGuard<'_, T>, HeldByThisCpu> {
        let interrupts_were_on = interrupts::are_enabled();
        interrupts::disable();
        loop {
            match self
                .owner
                .compare_exchange_weak(NOBODY, cpu_id, Ordering::Acquire, Ordering::Relaxed)
            {
                Ok(_) => {
                    return Ok(LineGuard {
                        lock: self,
                        interrupts_were_on,
                    });
                }
                Err(owner) if owner == cpu_id => {
                    restore_interrupts(interrupts_were_on);
                    return Err(HeldByThisCpu);
                }
                Err(_) => hint::spin_loop(),
            }
        }
    }

    /// Takes the lock for a panic: waits a bounded time for another processor, and not at all for its own.
    ///
    /// # Safety
    ///
    /// Only one processor may do this, and it must never return to the code that it came from. What a holder left
    /// half done stays so: the caller must expect any state of the value that its methods can leave behind.
    pub(super) unsafe fn lock_for_panic(&self, cpu_id: u32) -> LineGuard<'_, T> {
        interrupts::disable();
        for _ in 0..MAX_LOOKS_IN_PANIC {
            match self
                .owner
                .compare_exchange(NOBODY, cpu_id, Ordering::Acquire, Ordering::Relaxed)
            {
                Ok(_) => break,
                Err(owner) if owner == cpu_id => break,
                Err(_) => hint::spin_loop(),
            }
        }
        self.owner.store(cpu_id, Ordering::Relaxed);
        LineGuard {
            lock: self,
            interrupts_were_on: false,
        }
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
