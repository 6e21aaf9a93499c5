//! Lines of code that must not wait for the log: of interrupt handlers, of NMIs, and of messages that log while they are
//! formatted. The processor that uses the log writes them after its own line.

use crate::sync::{IrqSpinLock, this_cpu::current_cpu_id};
use arrayvec::{ArrayString, ArrayVec};
use core::sync::atomic::{AtomicUsize, Ordering};
use log::Level;

/// Maximum number of bytes of a message that is formatted before the log's lock is taken. A longer message cannot be a late line.
pub(super) const LINE_CAPACITY: usize = 512;

const MAX_LINES: usize = 8;

pub(super) struct LateLine {
    pub(super) cpu_id: u32,
    pub(super) level: Level,
    pub(super) text: ArrayString<LINE_CAPACITY>,
}

/// The waiting lines of all processors, oldest first.
pub(super) struct LateLines {
    /// While this lock is held, no other lock is taken and nothing is logged.
    lines: IrqSpinLock<ArrayVec<LateLine, MAX_LINES>>,
    /// Number of waiting lines, readable without the lock.
    count: AtomicUsize,
}

/// There is no space for a line, or the lock is held by the code that an NMI interrupted.
pub(super) struct NoSpace;

impl LateLines {
    pub(super) const fn new() -> Self {
        Self {
            lines: IrqSpinLock::new(ArrayVec::new_const()),
            count: AtomicUsize::new(0),
        }
    }

    /// Adds a line of this processor. Never waits for the lock: an NMI may have interrupted its holder.
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

    pub(super) fn pop(&self) -> Option<LateLine> {
        if self.is_empty() {
            return None;
        }
        let mut lines = self.lines.lock();
        let oldest = lines.pop_at(0);
        self.count.store(lines.len(), Ordering::Release);
        oldest
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }
}
