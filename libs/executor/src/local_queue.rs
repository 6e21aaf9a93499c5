//! The items that wait for one processor.

use alloc::collections::VecDeque;
use arrayvec::ArrayVec;

/// Maximum number of items in a ring. The models overflow it, so there it is small.
pub(crate) const RING_CAPACITY: usize = if cfg!(loom) { 3 } else { 256 };

/// Items that one thief takes at once.
pub(crate) type Stolen<T> = ArrayVec<T, { RING_CAPACITY.div_ceil(2) }>;

/// The item that runs next, and a ring of those behind it. It has all its memory from the start.
#[derive(Debug)]
pub(crate) struct LocalQueue<T> {
    next: Option<T>,
    ring: VecDeque<T>,
}

impl<T> LocalQueue<T> {
    pub(crate) fn new() -> Self {
        Self {
            next: None,
            ring: VecDeque::with_capacity(RING_CAPACITY),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.ring.len() + usize::from(self.next.is_some())
    }

    /// Puts the item before all others. The item that was next goes to the end; it is returned if the ring is full.
    pub(crate) fn push_next(&mut self, item: T) -> Option<T> {
        let previous = self.next.replace(item)?;
        self.push_back(previous)
    }

    /// Puts the item at the end, or returns it if the ring is full.
    pub(crate) fn push_back(&mut self, item: T) -> Option<T> {
        if self.ring.len() == RING_CAPACITY {
            return Some(item);
        }
        self.ring.push_back(item);
        None
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        self.next.take().or_else(|| self.ring.pop_front())
    }

    /// Moves the older half of the ring to a thief; an odd item goes too. From an empty ring the thief gets the next item: its
    /// processor may be busy for a whole slice.
    pub(crate) fn steal(&mut self, stolen: &mut Stolen<T>) {
        let half = self.ring.len().div_ceil(2);
        stolen.extend(self.ring.drain(..half));
        if stolen.is_empty() {
            stolen.extend(self.next.take());
        }
    }
}
