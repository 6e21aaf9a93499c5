//! Lines that a processor logs while it writes to the log already or waits for that: those of its interrupt handlers, of
//! NMIs, and of messages that log while they are put together. The processor writes them after the line that they
//! interrupted.

use crate::sync::{IrqSpinLock, this_cpu::current_cpu_id};
use arrayvec::{ArrayString, ArrayVec};
use core::sync::atomic::{AtomicUsize, Ordering};
use log::Level;

/// Bytes of a message that are put together before the log's lock is taken. A longer one is never late.
pub(super) const LINE_CAPACITY: usize = 512;

/// Lines that wait at most.
const MAX_LINES: usize = 8;

/// A line that waits.
pub(super) struct LateLine {
    /// The processor that logged it.
    pub(super) cpu_id: u32,
    /// Its level.
    pub(super) level: Level,
    /// What it says.
    pub(super) text: ArrayString<LINE_CAPACITY>,
}

/// The lines of all processors, in order.
pub(super) struct LateLines {
    /// The lines. Under this lock no other is taken, and nothing is logged.
    lines: IrqSpinLock<ArrayVec<LateLine, MAX_LINES>>,
    /// How many they are.
    count: AtomicUsize,
}

/// There is no space for a line, or an NMI has interrupted the use of the lines.
pub(super) struct NoSpace;

impl LateLines {
    /// No lines.
    pub(super) const fn new() -> Self {
        Self {
            lines: IrqSpinLock::new(ArrayVec::new_const()),
            count: AtomicUsize::new(0),
        }
    }

    /// Adds a line of this processor. Never waits: an NMI may have come while its processor holds the lock.
    pub(super) fn push(&self, level: Level, text: &str) -> Result<(), NoSpace> {
        let line = LateLine {
            cpu_id: current_cpu_id(),
            level,
            text: ArrayString::from(text).map_err(|_too_long| NoSpace)?,
        };
        let mut lines = self.lines.try_lock().ok_or(NoSpace)?;
        lines.try_push(line).map_err(|_full| NoSpace)?;
        self.count.store(lines.len(), Ordering::Release);
        Ok(())
    }

    /// Takes the oldest line.
    pub(super) fn pop(&self) -> Option<LateLine> {
        if self.is_empty() {
            return None;
        }
        let mut lines = self.lines.lock();
        let oldest = lines.pop_at(0);
        self.count.store(lines.len(), Ordering::Release);
        oldest
    }

    /// Whether no line waits.
    pub(super) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }
}
