//! What each interrupt vector is for. Those below 0x20 are the processor's exceptions.

use core::fmt;
use num_enum::{IntoPrimitive, TryFromPrimitive};

/// Vectors of the kernel's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoPrimitive, TryFromPrimitive)]
#[repr(u8)]
pub enum InterruptVector {
    /// An interrupt that a local APIC took back (Intel SDM vol. 3, section 12.9).
    LocalApicSpurious = 0x20,
    /// The timer of a local APIC.
    LocalApicTimer,
    /// An error that a local APIC found.
    LocalApicError,
    /// Another processor has something to run for this one.
    Reschedule,
    /// Another processor wants a function called: see [`crate::sync::remote_call`].
    RemoteCall,
}

/// The first of 16 vectors of the two 8259s. They are masked; one that raises an interrupt all the same is named.
pub const LEGACY_FIRST_VECTOR: u8 = 0xe0;

/// How many these are.
const LEGACY_VECTORS: u8 = 16;

/// A vector in words.
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
