//! The atomics of `core`, or those of loom in its models. Also the steps that a weakened model leaves out, to show that it
//! finds the fault which the step prevents.

#[cfg(not(loom))]
pub(crate) use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};

/// A step without which a wake-up or a kill can be lost.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// A processor that has pushed an item looks for halted processors behind a fence.
    FenceAfterPush,
    /// A processor that has announced its halt looks at the queues behind a fence.
    FenceBeforeHalt,
    /// A processor that has announced its halt looks at the queues once more.
    LookBeforeHalt,
    /// A processor that was kicked between its announcement and its halt does not halt: it is no longer announced.
    CheckAnnouncement,
    /// A processor that has stolen items kicks another one if items are left.
    KickAfterSteal,
    /// A processor that was halted and has found an item kicks another one if items are left.
    KickAfterHalt,
    /// A processor that has announced that it runs without a timer looks at the queues behind a fence.
    FenceBeforeTickless,
    /// A task that waits looks at the kill flag once more when its waker is in the slot.
    LookAfterRegister,
    /// Whoever kills a task reads where it runs behind a fence.
    FenceAfterKill,
    /// A task that is about to run user code looks at the kill flag behind a fence.
    FenceBeforeRun,
}

/// Returns whether to do the step. Only a weakened model leaves one out.
#[cfg(not(loom))]
pub(crate) const fn does(_step: Step) -> bool {
    true
}

/// Returns whether to do the step: all but the one whose name is the value of the environment variable `LEAVE_OUT`.
#[cfg(loom)]
pub(crate) fn does(step: Step) -> bool {
    extern crate std;
    static LEFT_OUT: std::sync::OnceLock<Option<std::string::String>> = std::sync::OnceLock::new();
    let left_out = LEFT_OUT.get_or_init(|| std::env::var("LEAVE_OUT").ok());
    left_out.as_ref().is_none_or(|name| *name != std::format!("{step:?}"))
}
