//! The queue of a fair lock: a ticket lock that can be closed for good.
//!
//! Callers that wait get their turns in the order in which they drew their tickets. A caller that finds nobody at work may
//! overtake the first of them, but only [`MAX_OVERTAKING`] times before that one gets its turn. So a wait is bounded: by
//! that number, plus one, for each caller ahead. Without any overtaking, each turn would wait until the host of a virtual
//! machine runs the one virtual processor that is next, while the others keep the host's cores busy. The queue guards no
//! data itself: whoever has the turn may use what belongs to it.
//!
//! After [`TurnQueue::close`] nobody gets a turn any more. The caller that closes the queue draws no ticket, so it does not
//! depend on those that wait: they may have stopped for ever.

#![no_std]
#![forbid(unsafe_code)]

use core::{
    hint,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};

/// The owner while nobody has the turn.
const NOBODY: u32 = u32::MAX;

/// How often the caller that has waited longest is overtaken at most, callers apart that try at the same moment.
pub const MAX_OVERTAKING: u32 = 8;

/// Tickets in the order in which they are drawn, and whose turn it is.
#[derive(Debug)]
pub struct TurnQueue {
    /// The ticket that the next caller draws. Wraps around.
    next_ticket: AtomicU32,
    /// The ticket whose caller gets the turn as soon as nobody has it.
    served_ticket: AtomicU32,
    /// How often that caller was overtaken.
    overtaken: AtomicU32,
    /// The id of the caller that has the turn, or [`NOBODY`].
    owner: AtomicU32,
    /// Set by [`Self::close`], never cleared.
    is_closed: AtomicBool,
}

/// The queue is closed: nobody gets a turn any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

impl TurnQueue {
    /// An open queue without callers.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            next_ticket: AtomicU32::new(0),
            served_ticket: AtomicU32::new(0),
            overtaken: AtomicU32::new(0),
            owner: AtomicU32::new(NOBODY),
            is_closed: AtomicBool::new(false),
        }
    }

    /// Waits for the turn of the caller `id`, which neither has it nor waits for it already, and calls `while_waiting` again
    /// and again meanwhile.
    ///
    /// # Errors
    ///
    /// [`Closed`], also when the queue is closed while the caller waits.
    #[inline]
    pub fn take(&self, id: u32, mut while_waiting: impl FnMut()) -> Result<(), Closed> {
        if !self.overtake(id) {
            let ticket = self.next_ticket.fetch_add(1, Ordering::Relaxed);
            while self.served_ticket.load(Ordering::Acquire) != ticket || !self.own(id) {
                if self.is_closed() {
                    return Err(Closed);
                }
                while_waiting();
                hint::spin_loop();
            }
            self.overtaken.store(0, Ordering::Relaxed);
            self.served_ticket.store(ticket.wrapping_add(1), Ordering::Release);
        }
        self.unless_closed()
    }

    /// Takes the turn of the caller `id` if nobody has it, ahead of all that wait. Returns whether it has it.
    ///
    /// # Errors
    ///
    /// [`Closed`].
    #[inline]
    pub fn try_take(&self, id: u32) -> Result<bool, Closed> {
        if self.own(id) {
            return self.unless_closed().map(|()| true);
        }
        if self.is_closed() { Err(Closed) } else { Ok(false) }
    }

    /// Ends the turn that the caller has just taken if the queue is closed. `close` stores first and loads the owner then, the
    /// caller the other way round: at least one sees the other.
    #[inline]
    fn unless_closed(&self) -> Result<(), Closed> {
        if self.is_closed() {
            self.owner.store(NOBODY, Ordering::Release);
            return Err(Closed);
        }
        Ok(())
    }

    /// Takes the turn without a ticket, if nobody has it and those that wait were not overtaken too often.
    #[inline]
    fn overtake(&self, id: u32) -> bool {
        if self.waiting() == 0 {
            return self.own(id);
        }
        let may_overtake = self.overtaken.load(Ordering::Relaxed) < MAX_OVERTAKING;
        let has_turn = may_overtake && self.own(id);
        if has_turn {
            self.overtaken.fetch_add(1, Ordering::Relaxed);
        }
        has_turn
    }

    /// Makes the caller the owner, if nobody is.
    #[inline]
    fn own(&self, id: u32) -> bool {
        let owned = self
            .owner
            .compare_exchange(NOBODY, id, Ordering::SeqCst, Ordering::Relaxed);
        owned.is_ok()
    }

    /// Ends the turn of the caller that has it.
    #[inline]
    pub fn pass_on(&self) {
        self.owner.store(NOBODY, Ordering::Release);
    }

    /// Ends the turn of the caller `id` if it has it, for a caller that stops for ever.
    pub fn abandon(&self, id: u32) {
        let _not_owner = self
            .owner
            .compare_exchange(id, NOBODY, Ordering::Release, Ordering::Relaxed);
    }

    /// Closes the queue for good, and polls until no caller but `id` has the turn, at most `max_polls` times. Returns whether
    /// that is so now.
    pub fn close(&self, id: u32, max_polls: u32) -> bool {
        self.is_closed.store(true, Ordering::SeqCst);
        let is_free = || {
            let owner = self.owner.load(Ordering::SeqCst);
            owner == NOBODY || owner == id
        };
        is_free()
            || (0..max_polls).any(|_| {
                hint::spin_loop();
                is_free()
            })
    }

    /// Number of callers that have drawn a ticket and wait for their turn.
    #[must_use]
    #[inline]
    pub fn waiting(&self) -> u32 {
        let served = self.served_ticket.load(Ordering::Relaxed);
        self.next_ticket.load(Ordering::Relaxed).wrapping_sub(served)
    }

    /// Whether [`Self::close`] was called.
    #[inline]
    fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }
}

impl Default for TurnQueue {
    fn default() -> Self {
        Self::new()
    }
}
