//! Code sections with interrupts off, and pauses in which they are on.

use x86_64::instructions::interrupts;

/// Keeps interrupts off on this processor. Dropping it restores them.
#[derive(Debug)]
pub struct InterruptsOff {
    were_on: bool,
}

impl InterruptsOff {
    #[inline]
    #[must_use]
    pub fn new() -> Self {
        let were_on = interrupts::are_enabled();
        interrupts::disable();
        Self { were_on }
    }
}

impl Default for InterruptsOff {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for InterruptsOff {
    #[inline]
    fn drop(&mut self) {
        if self.were_on {
            interrupts::enable();
        }
    }
}

/// Runs `run`, which may take long, with interrupts on. The caller has interrupts off and holds nothing that an
/// interrupt handler uses.
pub fn with_interrupts_on<R>(run: impl FnOnce() -> R) -> R {
    interrupts::enable();
    let result = run();
    interrupts::disable();
    result
}
