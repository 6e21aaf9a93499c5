//! A spin lock that is held with interrupts off, so that no interrupt handler of the same processor can wait for it.
//!
//! The lock is not fair: hold it only briefly. It stores the id of its owner, so that code which may run under the lock
//! can check for that instead of deadlocking. The panic handler and the NMI handler never wait for a lock: they call
//! [`IrqSpinLock::try_lock`]. The comment at each lock lists the locks that may be taken while it is held.

use super::{InterruptsOff, remote_call, this_cpu::current_cpu_id};
use core::{
    cell::UnsafeCell,
    hint,
    ops::{Deref, DerefMut},
    sync::atomic::{AtomicU32, Ordering},
};

const NO_OWNER: u32 = u32::MAX;

/// A value that one processor at a time may use.
#[derive(Debug)]
pub struct IrqSpinLock<T> {
    owner: AtomicU32,
    value: UnsafeCell<T>,
}

// SAFETY: Only the owner accesses the value, and there is one owner at a time, so the value only moves between
// processors.
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
    pub const fn new(value: T) -> Self {
        Self {
            owner: AtomicU32::new(NO_OWNER),
            value: UnsafeCell::new(value),
        }
    }

    /// Waits until the lock is free, and takes it.
    ///
    /// # Panics
    ///
    /// If this processor already holds the lock: it would wait for ever.
    #[inline]
    pub fn lock(&self) -> IrqSpinLockGuard<'_, T> {
        let interrupts = InterruptsOff::new();
        let this_cpu = current_cpu_id();
        while let Err(owner) = self.acquire_for(this_cpu) {
            assert!(owner != this_cpu, "deadlock: the processor already holds this lock");
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
            .compare_exchange(NO_OWNER, this_cpu, Ordering::Acquire, Ordering::Relaxed);
        taken.map(|_no_owner| ())
    }

    /// Waits until the lock looks free. It only reads, so the cache line stays shared among all waiting processors.
    /// Meanwhile this processor runs remote calls, since the owner may wait for one.
    #[cold]
    fn wait_until_free(&self) {
        while self.owner.load(Ordering::Relaxed) != NO_OWNER {
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
        // SAFETY: The guard exists only while its processor is the owner, and each owner has one guard.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for IrqSpinLockGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.owner.store(NO_OWNER, Ordering::Release);
    }
}
