//! The current processor, locks, and calls between processors.

mod interrupts_off;
mod irq_spin_lock;
mod per_cpu;
pub mod remote_call;
pub mod this_cpu;

pub use interrupts_off::{InterruptsOff, with_interrupts_on};
pub use irq_spin_lock::{IrqSpinLock, IrqSpinLockGuard};
pub use per_cpu::PerCpu;
