//! A spin lock that is held with interrupts off, so that no interrupt handler of the same processor can wait for it.
//!
//! It is not fair: it is for short uses. It knows which processor holds it, so that code which may run under it can ask
//! instead of waiting for itself. A panic and an NMI's handler never wait for one: they use [`IrqSpinLock::try_lock`].
//! Beside each lock stands which others may be taken under it.

use super::{InterruptsOff, remote_call, this_cpu::current_cpu_id};
use core::{
    cell::UnsafeCell,
    hint,
    ops::{Deref, DerefMut},
    sync::atomic::{AtomicU32, Ordering},
};

/// The owner of a free lock.
const NOBODY: u32 = u32::MAX;

/// A value that one processor at a time may use.
#[derive(Debug)]
pub struct IrqSpinLock<T> {
    /// The id of the processor that holds the lock, or [`NOBODY`].
    owner: AtomicU32,
    value: UnsafeCell<T>,
}

// SAFETY: The value is handed out to one owner at a time, so it only ever moves between processors.
unsafe impl<T: Send> Sync for IrqSpinLock<T> {}

/// The right to use the value. Dropping it frees the lock, and then restores interrupts.
#[derive(Debug)]
pub struct IrqSpinLockGuard<'a, T> {
    /// Freed before the next field is dropped.
    lock: &'a IrqSpinLock<T>,
    /// Dropped last.
    _interrupts: InterruptsOff,
}

impl<T> IrqSpinLock<T> {
    /// A free lock.
    pub const fn new(value: T) -> Self {
        Self {
            owner: AtomicU32::new(NOBODY),
            value: UnsafeCell::new(value),
        }
    }

    /// Waits until the lock is free, and takes it.
    ///
    /// # Panics
    ///
    /// When this processor holds it already: it would wait for ever.
    #[inline]
    pub fn lock(&self) -> IrqSpinLockGuard<'_, T> {
        let interrupts = InterruptsOff::new();
        let this_cpu = current_cpu_id();
        while let Err(owner) = self.acquire_for(this_cpu) {
            assert!(owner != this_cpu, "a lock was taken by a processor that holds it");
            self.wait_until_free();
        }
        IrqSpinLockGuard {
            lock: self,
            _interrupts: interrupts,
        }
    }

    /// Takes the lock if it is free.
    pub fn try_lock(&self) -> Option<IrqSpinLockGuard<'_, T>> {
        let interrupts = InterruptsOff::new();
        self.acquire_for(current_cpu_id()).ok()?;
        Some(IrqSpinLockGuard {
            lock: self,
            _interrupts: interrupts,
        })
    }

    /// Returns whether the current processor holds the lock. No other processor can change that.
    pub fn is_held_by_this_cpu(&self) -> bool {
        self.owner.load(Ordering::Relaxed) == current_cpu_id()
    }

    /// Tries once to take the lock. The error is the owner.
    #[inline]
    fn acquire_for(&self, this_cpu: u32) -> Result<(), u32> {
        let taken = self
            .owner
            .compare_exchange(NOBODY, this_cpu, Ordering::Acquire, Ordering::Relaxed);
        taken.map(|_nobody| ())
    }

    /// Returns when the lock looks free. Polling leaves the cache line shared among all that wait, where trying would not.
    /// Meanwhile this processor runs what others ask it for: the lock's holder may wait for that.
    #[cold]
    fn wait_until_free(&self) {
        while self.owner.load(Ordering::Relaxed) != NOBODY {
            remote_call::run_requested_calls();
            hint::spin_loop();
        }
    }
}

impl<T> Deref for IrqSpinLockGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: The guard exists only while its processor is the owner.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for IrqSpinLockGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: The guard exists only while its processor is the owner, and there is one guard an owner.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for IrqSpinLockGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.owner.store(NOBODY, Ordering::Release);
    }
}
