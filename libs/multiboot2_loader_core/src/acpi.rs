//! ACPI as far as the loader needs it: where its tables are, so that the kernel can read them, and which processors
//! there are.
//!
//! Everything is read by copy from [`crate::physical_memory::PhysicalMemory`], since tables lie at odd addresses. The
//! crate `acpi` is not used: it wants mapped memory, believes lengths, and does not end on an MADT entry of length 0.

pub mod dmar;
pub mod fadt;
pub mod madt;
pub mod rsdp;
pub mod tables;
