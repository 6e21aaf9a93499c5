//! The kernel's interrupt vectors. Vectors below 0x20 are exceptions of the processor.

use core::fmt;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// A vector that the kernel uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u8)]
pub enum InterruptVector {
    /// Spurious interrupt of a local APIC (Intel SDM vol. 3, section 12.9).
    LocalApicSpurious = 0x20,
    LocalApicTimer,
    LocalApicError,
    /// Another processor requests a call of a function: see [`crate::sync::remote_call`].
    RemoteCall,
}

/// First of the 16 vectors of the two 8259s. Both are masked; an interrupt that arrives nevertheless is logged by its name.
pub const LEGACY_FIRST_VECTOR: u8 = 0xe0;

/// Number of vectors of the two 8259s.
const LEGACY_VECTORS: u8 = 16;

/// Shows a vector with its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VectorName(pub u8);

impl fmt::Display for VectorName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.0;
        match InterruptVector::try_from(number) {
            Ok(vector) => write!(formatter, "{number:#04x} ({vector:?})"),
            Err(_) => match number.checked_sub(LEGACY_FIRST_VECTOR) {
                Some(line @ 0..LEGACY_VECTORS) => write!(formatter, "{number:#04x} (8259, line {line})"),
                _ => write!(formatter, "{number:#04x}"),
            },
        }
    }
}
