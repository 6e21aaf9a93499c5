//! Locks.

mod interrupt_lock;

pub use interrupt_lock::{InterruptLock, InterruptLockGuard};
