//! A spin lock that is held with interrupts off, so that no interrupt handler of its own processor can wait for it.
//!
//! It knows which processor holds it, so that code which may run under it can ask instead of waiting for itself. A panic
//! never waits for one: it uses [`IrqSpinLock::try_lock`]. An NMI takes none but that of the log. Which locks may be
//! taken while another is held stands beside each.

use super::{InterruptsOff, remote_call, this_cpu::current_cpu_id};
use core::{
    cell::UnsafeCell,
    hint,
    ops::{Deref, DerefMut},
    sync::atomic::{AtomicU32, Ordering},
};

/// Stands for: nobody holds the lock.
const NOBODY: u32 = u32::MAX;

/// A value that one processor at a time may use.
#[derive(Debug)]
pub struct IrqSpinLock<T> {
    /// The id of the processor that holds the lock, or [`NOBODY`].
    owner: AtomicU32,
    /// For the owner only.
    value: UnsafeCell<T>,
}

// SAFETY: The value is handed out to one owner at a time, so it only ever moves between processors.
unsafe impl<T: Send> Sync for IrqSpinLock<T> {}

/// Why a lock was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockError {
    /// The caller's own processor holds the lock: this is code that came in between.
    HeldByThisCpu,
    /// The caller did not want to wait any more.
    GivenUp,
}

/// The right to use the value. Dropping it frees the lock, and then switches interrupts on again if they were.
#[derive(Debug)]
pub struct IrqSpinLockGuard<'a, T> {
    /// What is held. Freed before the next field is dropped.
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
        self.lock_unless(|| false)
            .unwrap_or_else(|_| panic!("a lock was taken by a processor that holds it"))
    }

    /// Waits until the lock is free, and takes it, unless `give_up` says that there is no use in waiting.
    #[inline]
    pub fn lock_unless(&self, give_up: impl Fn() -> bool) -> Result<IrqSpinLockGuard<'_, T>, LockError> {
        let interrupts = InterruptsOff::new();
        let this_cpu = current_cpu_id();
        loop {
            match self.acquire_for(this_cpu) {
                Ok(()) => break,
                Err(owner) if owner == this_cpu => return Err(LockError::HeldByThisCpu),
                Err(_) => self.wait_until_free(&give_up)?,
            }
        }
        Ok(IrqSpinLockGuard {
            lock: self,
            _interrupts: interrupts,
        })
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

    /// Whether the processor that this runs on holds the lock. Only itself can change that.
    pub fn is_held_by_this_cpu(&self) -> bool {
        self.owner.load(Ordering::Relaxed) == current_cpu_id()
    }

    /// Takes the value away from everybody, for good: waits for another processor that holds the lock, at most `max_looks`
    /// times, and not at all for this one.
    ///
    /// # Safety
    ///
    /// From now on nobody else takes the lock. Only one processor may do this, and it must never return to the code that it
    /// came from. What a holder left half done stays so: the caller must expect any state of the value that its methods can
    /// leave behind.
    #[expect(clippy::mut_from_ref, reason = "the caller keeps everybody else out")]
    pub unsafe fn take_for_good(&self, max_looks: u32) -> &mut T {
        let this_cpu = current_cpu_id();
        for _ in 0..max_looks {
            let owner = self.owner.load(Ordering::SeqCst);
            if owner == NOBODY || owner == this_cpu {
                break;
            }
            hint::spin_loop();
        }
        // SAFETY: Nobody gets the lock any more, and whoever held it has let go, or is the caller's own processor, which does
        // not go back there: the caller's promise. What remains is a holder that has hung for as long as the caller waits.
        unsafe { &mut *self.value.get() }
    }

    /// Frees the lock if this processor holds it.
    ///
    /// # Safety
    ///
    /// This processor never returns to the code that holds the lock. What that code left half done stays so.
    pub unsafe fn abandon(&self) {
        if self.is_held_by_this_cpu() {
            self.owner.store(NOBODY, Ordering::Release);
        }
    }

    /// One try; the error is the owner.
    #[inline]
    fn acquire_for(&self, this_cpu: u32) -> Result<(), u32> {
        let taken = self
            .owner
            .compare_exchange(NOBODY, this_cpu, Ordering::SeqCst, Ordering::Relaxed);
        taken.map(|_nobody| ())
    }

    /// Returns when the lock looks free. Looking is cheaper than trying: it leaves the cache line shared among all who wait.
    /// Meanwhile it does what other processors ask for: the lock's holder may be one of them, and wait.
    #[cold]
    fn wait_until_free(&self, give_up: &impl Fn() -> bool) -> Result<(), LockError> {
        while self.owner.load(Ordering::Relaxed) != NOBODY {
            if give_up() {
                return Err(LockError::GivenUp);
            }
            remote_call::serve();
            hint::spin_loop();
        }
        Ok(())
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
