//! The sleeping tasks of one processor, by deadline: a heap of slots.
//!
//! Each sleep owns a slot. When its deadline has passed, the slot leaves the heap but keeps the waker until the sleep takes it
//! out. So no interrupt handler drops a waker, which could free a task's memory. All memory is there from the start.

use alloc::vec::Vec;
use core::{mem, task::Waker};

/// Index of a slot.
pub(crate) type SlotIndex = usize;

/// Position of a slot that is not in the heap.
const NOT_IN_HEAP: usize = usize::MAX;

/// Number of children of an entry. Waking one of 1,000 sleeping tasks takes 215 instructions more than one of 10 (counted by
/// callgrind); with two children, 325.
const CHILDREN: usize = 4;

struct Slot {
    /// Index in `heap`, or [`NOT_IN_HEAP`].
    position: usize,
    /// `None` in a free slot.
    waker: Option<Waker>,
}

#[derive(Clone, Copy)]
struct Entry {
    deadline_ns: u64,
    slot: SlotIndex,
}

/// Slots, and those of them whose deadline has not passed.
pub(crate) struct Timers {
    slots: Vec<Slot>,
    free: Vec<SlotIndex>,
    /// No entry has an earlier deadline than its parent: of entry n, the entry (n - 1) / [`CHILDREN`].
    heap: Vec<Entry>,
}

impl Timers {
    pub(crate) fn new(capacity: usize) -> Self {
        let slot = |_| Slot {
            position: NOT_IN_HEAP,
            waker: None,
        };
        Self {
            slots: (0..capacity).map(slot).collect(),
            free: (0..capacity).rev().collect(),
            heap: Vec::with_capacity(capacity),
        }
    }

    /// The earliest deadline that has not passed; `u64::MAX` if there is none.
    pub(crate) fn earliest_ns(&self) -> u64 {
        self.heap.first().map_or(u64::MAX, |entry| entry.deadline_ns)
    }

    /// Wakes `waker` at the deadline. Returns `None` if all slots are in use.
    pub(crate) fn insert(&mut self, deadline_ns: u64, waker: &Waker) -> Option<SlotIndex> {
        let slot = self.free.pop()?;
        self.slots[slot].waker = Some(waker.clone());
        let entry = Entry { deadline_ns, slot };
        self.heap.push(entry);
        self.settle(entry, self.heap.len() - 1);
        Some(slot)
    }

    /// Frees a slot. The caller drops its waker after it has freed the lock.
    pub(crate) fn remove(&mut self, index: SlotIndex) -> Option<Waker> {
        self.leave_heap(index);
        self.free.push(index);
        self.slots[index].waker.take()
    }

    /// Returns whether the slot's waker was woken. If not, replaces the waker; the caller drops the old one after it has freed
    /// the lock.
    pub(crate) fn check(&mut self, index: SlotIndex, waker: &Waker) -> (bool, Option<Waker>) {
        let slot = &mut self.slots[index];
        if slot.position == NOT_IN_HEAP {
            return (true, None);
        }
        let is_same = slot.waker.as_ref().is_some_and(|old| old.will_wake(waker));
        (
            false,
            if is_same {
                None
            } else {
                slot.waker.replace(waker.clone())
            },
        )
    }

    /// Wakes at most `max` tasks whose deadlines have passed, the earliest first.
    pub(crate) fn wake_due(&mut self, now_ns: u64, max: usize) {
        for _ in 0..max {
            let Some(due) = self.heap.first().copied().filter(|entry| entry.deadline_ns <= now_ns) else {
                return;
            };
            self.leave_heap(due.slot);
            if let Some(waker) = &self.slots[due.slot].waker {
                waker.wake_by_ref();
            }
        }
    }

    fn leave_heap(&mut self, index: SlotIndex) {
        let position = mem::replace(&mut self.slots[index].position, NOT_IN_HEAP);
        if position == NOT_IN_HEAP {
            return;
        }
        let last = self.heap.pop();
        if let Some(last) = last
            && position < self.heap.len()
        {
            self.settle(last, position);
        }
    }

    /// Puts an entry where it belongs, if all others are where they belong and `hole` is free.
    fn settle(&mut self, entry: Entry, mut hole: usize) {
        while hole > 0 {
            let parent = (hole - 1) / CHILDREN;
            if self.heap[parent].deadline_ns <= entry.deadline_ns {
                break;
            }
            self.put(self.heap[parent], hole);
            hole = parent;
        }
        loop {
            let first = (hole * CHILDREN + 1).min(self.heap.len());
            let end = (first + CHILDREN).min(self.heap.len());
            let (mut earliest_ns, mut position) = (entry.deadline_ns, hole);
            for (child, child_position) in self.heap[first..end].iter().zip(first..) {
                if child.deadline_ns < earliest_ns {
                    (earliest_ns, position) = (child.deadline_ns, child_position);
                }
            }
            if position == hole {
                break;
            }
            self.put(self.heap[position], hole);
            hole = position;
        }
        self.put(entry, hole);
    }

    fn put(&mut self, entry: Entry, position: usize) {
        self.heap[position] = entry;
        self.slots[entry.slot].position = position;
    }
}
