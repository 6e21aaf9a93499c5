//! The machine around the processors: ACPI tables, interrupt controllers, clock, power.

pub mod acpi;
pub mod clock;
mod firmware_memory;
pub mod interrupts;
pub mod io_apic;
pub mod legacy_pic;
pub mod local_apic;
pub mod power;
pub mod spcr;
mod start;
pub mod timer;

pub use start::{isa_routes, start, start_on_this_cpu};
