//! The queue of a fair lock: a ticket lock that can be closed for good.
//!
//! Waiting callers get their turns in the order of their tickets. A caller that finds the lock free may overtake the first
//! waiting caller, but that one is overtaken at most [`MAX_OVERTAKING`] times. So a wait is bounded: by that number plus one turn
//! for each caller ahead. Overtaking is for virtual machines: without it, each turn waits until the host runs the next virtual
//! processor, while other virtual processors keep the host's cores busy. The queue contains no data: the caller that has the
//! turn may access the data that the queue guards.
//!
//! After [`TurnQueue::close`] no caller gets a turn. Closing needs no ticket, so it does not depend on waiting callers, which may
//! have halted for good.

#![no_std]
#![forbid(unsafe_code)]

use core::{
    hint,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};

/// Value of the owner while no caller has the turn.
const NOBODY: u32 = u32::MAX;

/// Maximum number of times that the first waiting caller is overtaken. Callers that try at the same moment may exceed it.
pub const MAX_OVERTAKING: u32 = 8;

/// A queue of tickets, and the owner of the turn.
#[derive(Debug)]
pub struct TurnQueue {
    /// Ticket of the next caller. Wraps around.
    next_ticket: AtomicU32,
    /// Ticket of the first waiting caller.
    served_ticket: AtomicU32,
    /// Number of times that the first waiting caller was overtaken.
    overtaken: AtomicU32,
    /// Id of the caller that has the turn, or [`NOBODY`].
    owner: AtomicU32,
    /// Set by [`Self::close`], never cleared.
    is_closed: AtomicBool,
}

/// The queue is closed: no caller gets a turn any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

impl TurnQueue {
    /// Creates an open queue without callers.
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

    /// Waits for the turn of the caller `id`, and calls `while_waiting` repeatedly meanwhile. The caller must not already have the
    /// turn or wait for it.
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

    /// Takes the turn for the caller `id` if no caller has it, ahead of all waiting callers. Returns whether the turn was taken.
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

    /// Ends the turn that the caller has just taken if the queue is closed. `close` sets `is_closed`, then reads the owner. The
    /// caller sets the owner, then reads `is_closed`. So at least one of the two sees the other.
    #[inline]
    fn unless_closed(&self) -> Result<(), Closed> {
        if self.is_closed() {
            self.owner.store(NOBODY, Ordering::Release);
            return Err(Closed);
        }
        Ok(())
    }

    /// Takes the turn without a ticket, if no caller has it and the first waiting caller may be overtaken.
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

    /// Makes the caller the owner if there is none. Returns whether it did.
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

    /// Ends the turn of the caller `id` if it has the turn. For a caller that halts for good.
    pub fn abandon(&self, id: u32) {
        let _not_owner = self
            .owner
            .compare_exchange(id, NOBODY, Ordering::Release, Ordering::Relaxed);
    }

    /// Closes the queue for good, then polls at most `max_polls` times until no caller except `id` has the turn. Returns whether
    /// that is so.
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
