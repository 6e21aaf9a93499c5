//! Which processor this is, and how processors keep out of each other's way.

mod interrupts_off;
mod irq_spin_lock;
mod per_cpu;
pub mod remote_call;
pub mod this_cpu;

pub use interrupts_off::{InterruptsOff, with_interrupts_on};
pub use irq_spin_lock::{IrqSpinLock, IrqSpinLockGuard};
pub use per_cpu::PerCpu;
