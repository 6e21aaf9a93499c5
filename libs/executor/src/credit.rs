//! The processor time that a task may use before the others have their turn.

use crate::sync::{AtomicU64, Ordering};

/// A full credit, in nanoseconds: 10 ms.
pub const SLICE_NS: u64 = 10_000_000;

/// A task's credit, and the processor time that it has used.
///
/// The shared queue fills the credit of each item that is taken from it. Sleeping and waking never do: a task that computes for
/// 9.9 ms and sleeps for 1 ns gets no more than one that computes on. A new task has none, so it begins in the shared queue.
///
/// Only the processor that polls the task, or holds its queue item, changes the values.
#[derive(Debug)]
pub struct Credit {
    left_ns: AtomicU64,
    used_ns: AtomicU64,
}

impl Credit {
    /// Creates an empty credit.
    #[must_use]
    pub fn new() -> Self {
        Self {
            left_ns: AtomicU64::new(0),
            used_ns: AtomicU64::new(0),
        }
    }

    /// Processor time that the task may still use, in nanoseconds: 0 to [`SLICE_NS`].
    #[must_use]
    #[inline]
    pub fn left_ns(&self) -> u64 {
        self.left_ns.load(Ordering::Relaxed)
    }

    /// Processor time that the task has used until its last switch, in nanoseconds.
    #[must_use]
    pub fn used_ns(&self) -> u64 {
        self.used_ns.load(Ordering::Relaxed)
    }

    #[inline]
    pub(crate) fn fill(&self) {
        self.left_ns.store(SLICE_NS, Ordering::Relaxed);
    }

    /// Takes used time off the credit. What exceeds it is not owed.
    #[inline]
    pub(crate) fn charge(&self, ns: u64) {
        self.left_ns.store(self.left_ns().saturating_sub(ns), Ordering::Relaxed);
        self.used_ns.store(self.used_ns().wrapping_add(ns), Ordering::Relaxed);
    }
}

impl Default for Credit {
    fn default() -> Self {
        Self::new()
    }
}
