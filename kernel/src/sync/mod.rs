//! Which processor this is, and how processors keep out of each other's way.

mod interrupt_lock;
mod interrupts_off;
mod per_cpu;
pub mod remote_call;
pub mod this_cpu;

pub use interrupt_lock::{InterruptLock, InterruptLockGuard, Refusal};
pub use interrupts_off::InterruptsOff;
pub use per_cpu::PerCpu;
