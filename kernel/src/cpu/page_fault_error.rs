//! The error code of a page fault, in words.

use core::fmt;

/// As the processor pushes it (Intel SDM vol. 3, section 5.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageFaultError(pub(crate) u64);

/// Bit, and what it means when set and when clear.
const BITS: [(u64, &str, &str); 3] = [
    (1 << 0, "protection", "not mapped"),
    (1 << 1, "write", ""),
    (1 << 2, "user mode", "kernel mode"),
];

/// Bits that are worth a word only when set.
const RARE_BITS: [(u64, &str); 4] = [
    (1 << 3, "reserved bit set"),
    (1 << 4, "instruction fetch"),
    (1 << 5, "protection key"),
    (1 << 6, "shadow stack"),
];

impl fmt::Display for PageFaultError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_fetch = self.0 & (1 << 4) != 0;
        write!(formatter, "{:#x}", self.0)?;
        for (bit, set, clear) in BITS {
            let word = if self.0 & bit != 0 { set } else { clear };
            let word = if word.is_empty() && !is_fetch { "read" } else { word };
            if !word.is_empty() {
                write!(formatter, ", {word}")?;
            }
        }
        RARE_BITS
            .iter()
            .filter(|(bit, _)| self.0 & bit != 0)
            .try_for_each(|(_, word)| write!(formatter, ", {word}"))
    }
}
