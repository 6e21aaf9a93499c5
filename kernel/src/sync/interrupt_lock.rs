//! A spin lock that is held with interrupts off, so that no interrupt handler of its own processor can wait for it.
//!
//! It knows which processor holds it, so that code which may run under it can ask instead of waiting for itself. A panic
//! never waits for one: it uses [`InterruptLock::try_lock`]. An NMI takes none. Which locks may be taken while
//! another is held stands beside each.

use core::{
    ops::{Deref, DerefMut},
    sync::atomic::{AtomicU64, Ordering},
};
use spin::mutex::{SpinMutex, SpinMutexGuard};
use x86_64::{instructions::interrupts, registers::model_specific::GsBase};

/// Stands for: nobody holds the lock.
const NOBODY: u64 = u64::MAX;

/// A value that one processor at a time may use.
pub struct InterruptLock<T> {
    /// The lock itself.
    mutex: SpinMutex<T>,
    /// [`this_processor`] where it is held, or [`NOBODY`].
    holder: AtomicU64,
}

/// The right to use the value. Dropping it frees the lock, and then switches interrupts on again if they were.
pub struct InterruptLockGuard<'a, T> {
    /// Dropped first: fields are dropped in their order.
    _holder: Holder<'a>,
    /// Dropped second.
    guard: SpinMutexGuard<'a, T>,
    /// Dropped last.
    _interrupts: InterruptsOff,
}

/// Says who holds a lock. Dropping it says that nobody does.
struct Holder<'a>(&'a AtomicU64);

/// Keeps interrupts off on this processor. Dropping it switches them on again if they were.
struct InterruptsOff {
    /// Whether interrupts were on before.
    were_on: bool,
}

impl<T> InterruptLock<T> {
    /// A free lock.
    pub const fn new(value: T) -> Self {
        Self {
            mutex: SpinMutex::new(value),
            holder: AtomicU64::new(NOBODY),
        }
    }

    /// Waits until the lock is free, and takes it.
    pub fn lock(&self) -> InterruptLockGuard<'_, T> {
        let interrupts = InterruptsOff::new();
        let guard = self.mutex.lock();
        InterruptLockGuard {
            _holder: Holder::new(&self.holder),
            guard,
            _interrupts: interrupts,
        }
    }

    /// Takes the lock if it is free.
    pub fn try_lock(&self) -> Option<InterruptLockGuard<'_, T>> {
        let interrupts = InterruptsOff::new();
        let guard = self.mutex.try_lock()?;
        Some(InterruptLockGuard {
            _holder: Holder::new(&self.holder),
            guard,
            _interrupts: interrupts,
        })
    }

    /// Whether the processor that this runs on holds the lock. Only itself can change that.
    pub fn is_held_by_this_cpu(&self) -> bool {
        self.holder.load(Ordering::Relaxed) == this_processor()
    }
}

impl<'a> Holder<'a> {
    /// This processor holds the lock.
    fn new(holder: &'a AtomicU64) -> Self {
        holder.store(this_processor(), Ordering::Relaxed);
        Self(holder)
    }
}

impl Drop for Holder<'_> {
    fn drop(&mut self) {
        self.0.store(NOBODY, Ordering::Relaxed);
    }
}

/// A number that is this processor's alone: the address of its own data.
fn this_processor() -> u64 {
    GsBase::read().as_u64()
}

impl<T> Deref for InterruptLockGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for InterruptLockGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

impl InterruptsOff {
    /// Switches interrupts off.
    fn new() -> Self {
        let were_on = interrupts::are_enabled();
        interrupts::disable();
        Self { were_on }
    }
}

impl Drop for InterruptsOff {
    fn drop(&mut self) {
        if self.were_on {
            interrupts::enable();
        }
    }
}
